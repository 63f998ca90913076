/**
 * An amount of money, in millionths of a millionth of a US dollar. A price of a dollar per million tokens is a millionth of
 * a dollar per token, so that a price of six decimals times a number of tokens is a whole number of these: no cost is ever
 * rounded, and no float has a part in it.
 */
export type Cost = bigint;

/** What a model costs per token. */
export interface TokenPrice {
  readonly input: Cost;
  readonly output: Cost;
  /** Of prompt tokens that the service had in its cache. */
  readonly cachedInput: Cost;
}

/** Tokens of one answer, or of many. */
export interface TokenCounts {
  /** Cached ones included. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Of the prompt tokens, those that the service had in its cache. */
  readonly cachedPromptTokens: number;
}

/** Decimals of a price per million tokens, and of a cost in millionths of a dollar. */
export const costDecimals = 6;
/** Costs in a dollar, and in a millionth of one. */
const perDollar = 10n ** 12n;
const perMicro = 10n ** BigInt(costDecimals);

const decimalForm = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

/**
 * The whole number of units in a decimal number, such as 150000n for `0.15` and six decimals; undefined where it has more
 * decimals than that. A number of YAML is meant as it is written, which is the shortest text that reads as the same float.
 */
export function scaleDecimal(number: number | string, decimals: number): bigint | undefined {
  const [, sign, whole, fraction = '', exponent = '0'] = decimalForm.exec(String(number)) ?? [];
  if (whole === undefined) return undefined;
  const shift = decimals - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  const scaled = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
  if (shift < 0 && scaled * 10n ** BigInt(-shift) !== digits) return undefined;
  return sign === '-' ? -scaled : scaled;
}

/**
 * A `price` of the run file (US dollars per million tokens) per token.
 *
 * @throws {RangeError} for more than six decimals, which the schema refuses.
 */
export function readPrice(price: {
  readonly input: number;
  readonly output: number;
  readonly cached_input?: number | undefined;
}): TokenPrice {
  const input = toPerToken(price.input);
  return {
    input,
    output: toPerToken(price.output),
    cachedInput: price.cached_input === undefined ? input : toPerToken(price.cached_input),
  };
}

/** What tokens cost, exactly. */
export function computeCost(tokens: TokenCounts, price: TokenPrice): Cost {
  const cached = Math.min(tokens.cachedPromptTokens, tokens.promptTokens);
  return (
    BigInt(tokens.promptTokens - cached) * price.input +
    BigInt(cached) * price.cachedInput +
    BigInt(tokens.completionTokens) * price.output
  );
}

/** A sum of US dollars of the run file, such as `limits.cost`; undefined where it has more than twelve decimals. */
export function readDollars(dollars: number): Cost | undefined {
  return scaleDecimal(dollars, 12);
}

/** Millionths of a US dollar as an exact decimal, such as `1234.5`: how costs are stored and printed in JSON. */
export function formatCostMicros(cost: Cost): string {
  return formatScaled(cost, perMicro, costDecimals);
}

/**
 * Reads what {@link formatCostMicros} wrote.
 *
 * @throws {RangeError}
 */
export function parseCostMicros(text: string): Cost {
  const cost = scaleDecimal(text, costDecimals);
  if (cost === undefined) throw new RangeError(`${JSON.stringify(text)} is no cost in millionths of a dollar.`);
  return cost;
}

/** US dollars as an exact decimal, such as `0.0012345`. */
export function formatDollars(cost: Cost): string {
  return formatScaled(cost, perDollar, 12);
}

/**
 * US dollars for people: cents, and below a dollar three digits that matter, such as `$0.0123`; `<$0.000001` where there is
 * hardly anything. JSON has all digits.
 */
export function formatCost(cost: Cost): string {
  if (cost < 0n) return `-${formatCost(-cost)}`;
  if (cost === 0n) return '$0.00';
  if (cost < perMicro) return '<$0.000001';
  const leadingZeros = 12 - String(cost).length;
  const decimals = Math.max(2, Math.min(6, leadingZeros + 3));
  const rounded = roundTo(cost, decimals);
  // What is rounded up to a dollar is written like one.
  const [whole = '', fraction = ''] = formatScaled(rounded, perDollar, 12).split('.');
  const shown = rounded >= perDollar ? 2 : decimals;
  return `$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${fraction.padEnd(shown, '0')}`;
}

function roundTo(cost: Cost, decimals: number): Cost {
  const unit = 10n ** BigInt(12 - decimals);
  return ((cost + unit / 2n) / unit) * unit;
}

function toPerToken(dollarsPerMillion: number): Cost {
  const scaled = scaleDecimal(dollarsPerMillion, costDecimals);
  if (scaled === undefined) throw new RangeError(`A price of ${dollarsPerMillion} has more than six decimals.`);
  return scaled;
}

function formatScaled(value: bigint, perUnit: bigint, decimals: number): string {
  const size = value < 0n ? -value : value;
  const fraction = String(size % perUnit)
    .padStart(decimals, '0')
    .replace(/0+$/, '');
  return `${value < 0n ? '-' : ''}${size / perUnit}${fraction === '' ? '' : `.${fraction}`}`;
}
