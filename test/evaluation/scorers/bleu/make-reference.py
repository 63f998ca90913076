"""Writes reference.json: sentence BLEU by sacreBLEU of hand-picked and of seeded random texts.

python3 -m venv venv && venv/bin/pip install sacrebleu==2.6.0
venv/bin/python test/evaluation/scorers/bleu/make-reference.py
"""

import json
import pathlib
import random

import sacrebleu

picked = [
    ("Paris", "Paris"),
    ("Paris is nice.", "Paris"),
    ("the cat is on a mat", "the cat sat on the mat"),
    ("It costs 3.50 euros, not 4", "It costs 3.50 euros, not 5."),
    ("", "Paris"),
    ("Paris", ""),
    ("   ", "Paris"),
    ("a b c d e f", "a b c d e f"),
    ("a b c", "a b c"),
    ("1,000.5 and 3-4, x-y", "1,000.5 and 3-4, x - y"),
    ("well-known &amp; &quot;quoted&quot; &lt;tag&gt;", 'well-known & "quoted" <tag>'),
    ("line one-\ntwo\nthree", "line onetwo three"),
    ("Zürich — schön!", "Zürich: schön!"),
    ("東京は 日本 の 首都", "東京は 日本 の 首都 です"),
    ("e.g. U.S.A. 3.14.15", "e.g. USA 3.14.15"),
    ("a" * 50, "a" * 50),
    ("no match at all", "totally different words here"),
    ("the the the the", "the cat the dog"),
    ("(a) [b] {c} `d` ~e~ @f #g $h %i ^j &k *l", "(a) [b] {c} `d` ~e~ @f #g $h %i ^j &k *l"),
    ("tab\tseparated\u00a0words", "tab separated words"),
    ("trailing blank   ", "trailing blank"),
    ("x\u0085y\u001cz", "x y z"),
]
words = "the a cat dog sat on mat, house. 3.5 1,000 well-known (maybe) yes! no? it's U.S. 7-8 é".split()
random.seed(13)
made = []
for _ in range(200):
    reference = [random.choice(words) for _ in range(random.randint(0, 12))]
    answer = [word if random.random() < 0.7 else random.choice(words) for word in reference][: random.randint(0, 14)]
    made.append((" ".join(answer), " ".join(reference)))
rows = [
    {"answer": answer, "reference": reference, "score": sacrebleu.sentence_bleu(answer, [reference]).score / 100}
    for answer, reference in picked + made
]
path = pathlib.Path(__file__).with_name("reference.json")
path.write_text(json.dumps({"sacrebleu": sacrebleu.__version__, "rows": rows}, indent=1, ensure_ascii=False) + "\n")
