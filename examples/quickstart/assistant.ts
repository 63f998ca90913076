// The system under evaluation: the assistant of a small hardware shop, made of rules. It stands for whatever you have:
// any function from messages to text. It never loads a model and gets some questions wrong, as rules do.

interface ModelCall {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

interface Rule {
  readonly when: RegExp;
  readonly answer: (question: string) => string;
}

/** Called by Stet once per question; `messages` are those that the solver in run.yaml builds. */
export default async function answer({ messages }: ModelCall): Promise<string> {
  const question = messages.at(-1)?.content.toLowerCase() ?? '';
  await think(question);
  const rule = rules.find(({ when }) => when.test(question));
  return rule?.answer(question) ?? 'I am afraid I do not know that. Please ask at the counter.';
}

/** Between 250 and 650 ms, always the same for the same question. */
function think(question: string): Promise<void> {
  let hash = 0;
  for (const character of question) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return new Promise((resolve) => setTimeout(resolve, 250 + (hash % 401)));
}

const prices: Readonly<Record<string, number>> = {
  hammer: 14.5,
  'tape measure': 7.2,
  'masking tape': 3.4,
  'wood glue': 5.6,
  sandpaper: 4.8,
  'paint roller': 8.9,
  'light bulb': 3.9,
  'extension cord': 16,
  ladder: 89,
  'work gloves': 9.5,
  'cordless drill': 119,
  'spirit level': 22,
};

const metricPerUnit: Readonly<Record<string, { readonly factor: number; readonly unit: string }>> = {
  inch: { factor: 2.54, unit: 'cm' },
  foot: { factor: 30.48, unit: 'cm' },
  feet: { factor: 30.48, unit: 'cm' },
  yard: { factor: 91.44, unit: 'cm' },
  gallon: { factor: 3.785, unit: 'litres' },
  pound: { factor: 0.4536, unit: 'kg' },
};

const weekdayHours = { opens: '8:15', closes: '18:45' };
const hours: Readonly<Record<string, { readonly opens: string; readonly closes: string } | null>> = {
  monday: weekdayHours,
  tuesday: weekdayHours,
  wednesday: weekdayHours,
  thursday: { opens: '8:15', closes: '20:00' },
  friday: weekdayHours,
  saturday: { opens: '9:15', closes: '16:30' },
  sunday: null,
};

const itemPattern = new RegExp(
  `(\\d+)?\\s*(?:rolls of |packs of |pairs of |bottles of )?(${Object.keys(prices).join('|')})`,
  'g',
);
const dayPattern = new RegExp(Object.keys(hours).join('|'));

/** The first rule that fits answers. */
const rules: readonly Rule[] = [
  { when: /receipt/, answer: () => 'Without a receipt we give store credit; with it you get your money back.' },
  { when: /mixed|tinted/, answer: () => 'Paint that was mixed to order cannot be returned.' },
  { when: /\bsale\b|reduced/, answer: () => 'Goods from the sale can be exchanged, but we do not refund them.' },
  { when: /faulty|broken|warranty|stopped working/, answer: () => 'We repair or replace it within 24 months.' },
  {
    when: /(return|bring back|send back).*(drill|saw|power tool)/,
    answer: () => 'Power tools can be returned within 14 days.',
  },
  {
    when: /return|bring .*back|send .*back|refund|money back/,
    answer: () => 'You can return unused goods within 30 days.',
  },
  { when: /exchange|changed my mind/, answer: () => 'You can exchange or return unused goods within 30 days.' },
  { when: /timber|bulky|wardrobe/, answer: () => 'Delivery of bulky goods costs 24 euros.' },
  { when: /how far|\bkm\b|kilomet/, answer: () => 'We deliver within 25 km.' },
  { when: /collect|pick/, answer: () => 'Collection is free, one hour after you order.' },
  { when: /deliver.*(saturday|sunday|weekend)/, answer: () => 'There is no delivery at the weekend.' },
  { when: /order.*(before|at|by) \d/, answer: answerArrival },
  { when: /how long does (delivery|shipping)/, answer: () => 'It arrives on the next working day.' },
  { when: /deliver|shipping|ship /, answer: answerDelivery },
  { when: /rent|hire|deposit/, answer: answerRental },
  { when: /\bkeys?\b/, answer: answerKeys },
  { when: /sharpen/, answer: (question) => `Sharpening costs ${money(3 * firstNumber(question, 1))}.` },
  { when: /voucher|gift card/, answer: () => 'Gift vouchers are valid for 3 years.' },
  { when: /cheque|check\b/, answer: () => 'Sorry, we do not take cheques.' },
  { when: /\bpay|cards?\b|cash/, answer: () => 'Yes, we take cash, cards and payment by phone.' },
  { when: /park/, answer: () => 'Yes, parking behind the shop is free for one hour.' },
  { when: /second coat/, answer: () => 'The second coat can go on after 4 hours.' },
  { when: /litre cover/, answer: () => 'One litre covers 10 square metres.' },
  { when: /mix|colour/, answer: () => 'Mixing a colour is free and takes 15 minutes.' },
  { when: /square met|m2|m²/, answer: answerPaint },
  { when: /\d+(\.\d+)? ?(inch|foot|feet|yard|gallon|pound)/, answer: answerConversion },
  { when: new RegExp(Object.keys(prices).join('|')), answer: answerPrice },
  { when: /new year|easter|christmas|boxing/, answer: () => 'No, we are closed on public holidays.' },
  { when: dayPattern, answer: answerHours },
  { when: /open|close|hours/, answer: () => 'We are open from 8:15 to 18:45.' },
];

function answerArrival(question: string): string {
  const hour = firstNumber(question, 0);
  return hour < 14 ? 'It arrives on the next working day.' : 'It takes one day longer.';
}

function answerDelivery(question: string): string {
  return firstNumber(question, 0) >= 80 ? 'Delivery is free from 80 euros.' : 'Delivery costs 6.90.';
}

function answerRental(question: string): string {
  if (/deposit/.test(question)) return 'The deposit is 50 euros.';
  const perDay = /mixer/.test(question) ? 30 : /sander/.test(question) ? 28 : 12;
  return `That is ${perDay * firstNumber(question, 1)} euros.`;
}

function answerKeys(question: string): string {
  if (/how long|wait/.test(question)) return 'A key takes 5 minutes.';
  return `That costs ${money(4.5 * firstNumber(question, 1))}.`;
}

function answerPaint(question: string): string {
  return `You need ${round(firstNumber(question, 10) / 10)} litres; one litre covers 10 square metres.`;
}

function answerConversion(question: string): string {
  const [, amount = '1', name = 'inch'] = /(\d+(?:\.\d+)?) ?(inch|foot|feet|yard|gallon|pound)/.exec(question) ?? [];
  const { factor, unit } = metricPerUnit[name] ?? { factor: 1, unit: '' };
  return `That is ${round(Number(amount) * factor)} ${unit}.`;
}

function answerPrice(question: string): string {
  const found = [...question.matchAll(itemPattern)];
  const total = found.reduce((sum, [, count, item = '']) => sum + Number(count ?? 1) * (prices[item] ?? 0), 0);
  return `That comes to ${money(total)} euros.`;
}

function answerHours(question: string): string {
  const day = dayPattern.exec(question)?.[0] ?? 'monday';
  const open = hours[day];
  if (open === null || open === undefined) return 'No, we are closed on Sundays.';
  const time = /at (\d{1,2}:\d{2})/.exec(question)?.[1];
  if (time !== undefined && !isBetween(time, open))
    return `No, on ${day} we are open from ${open.opens} to ${open.closes} only.`;
  return `Yes, on ${day} we are open from ${open.opens} to ${open.closes}.`;
}

function isBetween(time: string, open: { readonly opens: string; readonly closes: string }): boolean {
  return minutes(time) >= minutes(open.opens) && minutes(time) < minutes(open.closes);
}

function minutes(time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return hour * 60 + minute;
}

function firstNumber(question: string, otherwise: number): number {
  const found = /\d+(\.\d+)?/.exec(question);
  return found === null ? otherwise : Number(found[0]);
}

function money(amount: number): string {
  return amount.toFixed(2);
}

function round(amount: number): string {
  return String(Math.round(amount * 100) / 100);
}
