"""Writes test/evaluation/template/corpus/*.json: templates with what Python's Jinja2 makes of them.

    python3 -m venv /tmp/jinja && /tmp/jinja/bin/pip install jinja2
    /tmp/jinja/bin/python scripts/make-template-corpus.py

The expectations are committed, so the tests need no Python. Stet's additions to Jinja (its own filters, the name `null`,
whole numbers without `.0`) are added to Jinja2 here. Where Stet differs on purpose, the case stands in DIFFERENCES with
what Stet gives; docs/templates.md lists the same differences, and a test holds the two lists together.
"""

import json
import pathlib
import re

import jinja2

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "test" / "evaluation" / "template" / "corpus"

SAMPLE = {
    "question": "What is 2 < 3?",
    "country": "Italy",
    "capital": "Rome",
    "population": 58900000,
    "score": 0.25,
    "whole": 3.0,
    "negative": -7,
    "tiny": 0.00001,
    "flag": True,
    "off": False,
    "nothing": None,
    "empty": "",
    "blank": "  padded\t\n",
    "quote": "it's",
    "both": "it's \"so\"",
    "accents": "Évian – naïve",
    "emoji": "a😀b",
    "lines": "one\ntwo\n\nthree",
    "html": "<b>Bold</b> & <i>'x'</i>",
    "json": '{"b": [1, 2.5, null], "a": "x"}',
    "choices": ["Rome", "Paris", "Oslo"],
    "numbers": [3, 1, 2],
    "mixed": [1, "a", None, True, 2.5, [1], {"k": "v"}],
    "words": ["apple", "Banana", "cherry", "apple"],
    "none_list": [],
    "meta": {"lang": "en", "level": 2, "tags": ["x", "y"], "inner": {"deep": "d"}},
    "people": [
        {"name": "Ann", "age": 30, "city": {"zip": "b"}},
        {"name": "bob", "age": 25, "city": {"zip": "a"}},
        {"name": "Cid", "age": 30, "city": {"zip": "b"}},
    ],
    "A B": "odd name",
}
NAMES = {"sample": SAMPLE, "n": 5, "text": "Hello World"}

GROUPS = {
    "lookups": [
        "{{ sample.question }}",
        "Capital of {{ sample.country }}?",
        "{{ sample['country'] }}",
        "{{ sample['A B'] }}",
        "{{ sample.meta.inner.deep }}{{ sample['meta']['lang'] }}",
        "{{ sample.meta.tags[0] }}{{ sample.meta.tags[-1] }}{{ sample.meta.tags.1 }}",
        "{{ sample.choices[1:] }}{{ sample.choices[:2] }}{{ sample.choices[::-1] }}",
        "{{ text[0] }}{{ text[-1] }}{{ text[1:4] }}{{ text[::-2] }}{{ text[-3:] }}",
        "{{ sample.emoji[1] }}{{ sample.emoji[1:] }}",
        "{{ sample[['a','country'][1]] }}",
        "{{ sample.meta['tags'][n - 5] }}",
        "{{ sample.people[0].city.zip }}",
        "{{ text.upper() }}{{ 'abc'['upper']() }}",
        "{{ n }} {{n}}{{   n   }}",
        "{{ sample.get('country') }}{{ sample.get('x') }}{{ sample.get('x', 'd') }}",
        "{{ (1, 2, 3)[1] }}{{ [1, 2, 3][-1] }}{{ {'a': 1}['a'] }}{{ {'a': 1}.a }}",
        "{{ {1: 'one', none: 'no'}[1] }}{{ {1: 'one', none: 'no'}[none] }}",
        "{{ sample.meta.keys() | list }}{{ sample.meta.values() | list | length }}",
        "{{ [1,2,3][5:] }}{{ [1,2,3][-5:2] }}{{ [1,2,3][2:0:-1] }}",
    ],
    "printing": [
        "{{ true }} {{ false }} {{ none }} {{ True }} {{ False }} {{ None }} {{ null }}",
        "{{ sample.flag }} {{ sample.off }} {{ sample.nothing }}|{{ sample.empty }}|",
        "{{ sample.whole }} {{ sample.score }} {{ sample.tiny }} {{ sample.population }} {{ sample.negative }}",
        "{{ [1.0, 2.5, -0.5] }}",
        "{{ sample.mixed }}",
        "{{ sample.choices }}",
        "{{ sample.meta }}",
        "{{ sample.people }}",
        "{{ ['it\\'s', 'say \"x\"', 'it\\'s \"x\"', 'a\\\\b', 'tab\\t', 'nl\\n'] }}",
        "{{ [sample.quote, sample.both, sample.accents, sample.emoji, sample.blank] }}",
        "{{ () }} {{ (1,) }} {{ (1, 'a') }} {{ [] }} {{ {} }}",
        "{{ {'a': none, 'b': [true], 1: (1,)} }}",
        "{{ 'a' 'b' }}",
        "{{ \"\\u00e9\\x41\\101\\n\" }}|{{ '\\q' }}",
        "{{ ['\\x00', '\\x7f', '\\u200b', '\\u00a0', '\\u00ad'] }}",
        "{{ 1e3 }} {{ 1.5e-7 }} {{ 0.1 + 0.2 }} {{ 1_000 }} {{ 0x1f }} {{ 0b11 }} {{ 0o17 }}",
        "{{ 123456789.125 }} {{ 0.0001 }} {{ 0.00012 }} {{ 1/3 }}",
        "{{ 1 }}, {{ 'x', 2 }}",
        "{{ [none, true, 'x'] ~ '' }}",
        "{{ 'inf' | float }} {{ '-inf' | float }} {{ 'nan' | float }}",
        "{% print 'x', 1 %}",
        "{{ '' }}{{ none ~ 1 ~ 'a' ~ true }}",
    ],
    "operators": [
        "{{ 1 + 2 }} {{ 5 - 7 }} {{ 2 * 3 }} {{ 7 / 2 }} {{ 7 // 2 }} {{ 7 % 3 }} {{ 2 ** 5 }}",
        "{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 // -2 }} {{ 6 / 3 }} {{ 5.5 // 2 }} {{ 5.5 % 2 }}",
        "{{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 2 ** -1 }}",
        "{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ - - 3 }} {{ +3 }} {{ -n }}",
        "{{ 'a' + 'b' }} {{ [1] + [2] }} {{ (1,) + (2,) }} {{ 'ab' * 3 }} {{ [1] * 2 }} {{ 2 * 'x' }} {{ 'x' * -1 }}",
        "{{ 'a' ~ 1 ~ 2.5 ~ none }} {{ 1 ~ 2 * 3 }}",
        "{{ true + 1 }} {{ true == 1 }} {{ 1 == 1.0 }} {{ '1' == 1 }} {{ none == false }}",
        "{{ 1 < 2 }} {{ 2 <= 2 }} {{ 3 > 4 }} {{ 3 >= 3 }} {{ 1 != 2 }} {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }}",
        "{{ 'a' < 'b' }} {{ 'Z' < 'a' }} {{ [1, 2] < [1, 3] }} {{ (1,) < (1, 2) }}",
        "{{ [1, {'a': 2}] == [1, {'a': 2}] }} {{ [1] == (1,) }} {{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }}",
        "{{ 'b' in 'abc' }} {{ 1 in [1, 2] }} {{ 'lang' in sample.meta }} {{ 3 not in [1, 2] }} {{ 'x' not in 'abc' }}",
        "{{ not true }} {{ not '' }} {{ not [] }} {{ not 0 }} {{ not none }} {{ not {} }} {{ not 'a' }}",
        "{{ 1 and 2 }} {{ 0 and 2 }} {{ 0 or 'x' }} {{ '' or none }} {{ true and not false or false }}",
        "{{ 'yes' if n > 3 else 'no' }} {{ 'yes' if n > 9 else 'no' }} {{ 1 if 0 else 2 if 0 else 3 }}",
        "{{ not 1 in [2] }} {{ not (1 in [2]) }}",
        "{{ '%s is %d' % ('x', 3) }} {{ '%.2f' % 3.14159 }} {{ '%5d|%-5d|%05d' % (1, 2, 3) }} {{ '%s' % 'a' }}",
        "{{ '%(a)s-%(b)03d' % {'a': 'x', 'b': 7} }} {{ '100%%' % () }} {{ '%x %X %o %e %g' % (255, 255, 8, 12345.678, 0.00001) }}",
        "{{ '%r %s' % ('a', [1, 'b']) }} {{ '%+d % d' % (3, 3) }} {{ '%c' % 'x' }} {{ '%.3s' % 'abcdef' }} {{ '%*d' % (5, 3) }}",
        "{{ '%d' % 3.9 }} {{ '%i' % -3.9 }} {{ '%5.1f%%' % 12.345 }} {{ '%g' % 100000 }} {{ '%g' % 1000000 }} {{ '%#x' % 255 }}",
        "{{ 2.5 | round }} {{ -3 | abs }}",
        "{{ n is odd and n is number }} {{ n > 3 and 'big' or 'small' }}",
        "{{ 10 - 2 - 3 }} {{ 100 / 10 / 5 }} {{ 7 // 2 * 2 }}",
    ],
    "control": [
        "{% if n > 3 %}big{% elif n > 1 %}mid{% else %}small{% endif %}",
        "{% if sample.none_list %}x{% else %}empty{% endif %}",
        "{% if not sample.flag %}a{% elif sample.country == 'Italy' %}b{% endif %}",
        "{% for c in sample.choices %}{{ loop.index }}. {{ c }}\n{% endfor %}",
        "{% for c in sample.choices -%}\n  {{ c }}\n{%- endfor %}",
        "{% for x in [] %}x{% else %}none{% endfor %}",
        "{% for x in [1] %}{{ x }}{% else %}none{% endfor %}",
        "{% for k, v in sample.meta.items() %}{{ k }}={{ v }};{% endfor %}",
        "{% for k in sample.meta %}{{ k }},{% endfor %}",
        "{% for c in 'abc' %}{{ c }}-{% endfor %}",
        "{% for x in [1,2,3,4] if x is even %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% endfor %}",
        "{% for x in [1,2,3] %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
        "{% for x in [1,2,3] %}{{ loop.previtem if not loop.first else '-' }}{{ x }}{{ loop.nextitem if not loop.last else '-' }} {% endfor %}",
        "{% for x in [1,2,3,4] %}{{ loop.cycle('a', 'b', 'c') }}{% endfor %}",
        "{% for x in [1,1,2,2,1] %}{% if loop.changed(x) %}{{ x }}{% endif %}{% endfor %}",
        "{% for a in [1,2] %}{% for b in [3,4] %}{{ a }}{{ b }}{{ loop.depth }} {% endfor %}{% endfor %}",
        "{% for x in [1,2,3,4,5] %}{% if x == 4 %}{% break %}{% endif %}{{ x }}{% endfor %}",
        "{% for x in [1,2,3,4,5] %}{% if x % 2 %}{% continue %}{% endif %}{{ x }}{% endfor %}",
        "{% for x in [1,2] %}{% for y in [1,2,3] %}{% if y == 2 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}",
        "{% for x in [1,2] %}{% break %}{% else %}else{% endfor %}|",
        "{% for x in [{'v': 1, 'c': [{'v': 2, 'c': [{'v': 3, 'c': []}]}]}] recursive %}{{ x.v }}d{{ loop.depth }}{{ loop(x.c) }}{% endfor %}",
        "{% for a, (b, c) in [(1, (2, 3)), (4, (5, 6))] %}{{ a }}{{ b }}{{ c }} {% endfor %}",
        "{% set x = 1 %}{% for i in [1,2] %}{% set x = i + 10 %}{{ x }} {% endfor %}{{ x }}",
        "{% set ns = namespace(total=0) %}{% for i in [1,2,3] %}{% set ns.total = ns.total + i %}{% endfor %}{{ ns.total }}",
        "{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set c = (a, b) %}{{ c }}",
        "{% set greeting %}Hello {{ sample.country }}{% endset %}{{ greeting | upper }}",
        "{% set greeting | upper | replace('L', 'x') %}Hello{% endset %}{{ greeting }}",
        "{% if true %}{% set y = 5 %}{% endif %}{{ y }}",
        "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}",
        "{% with %}{% set z = 3 %}{{ z }}{% endwith %}{{ z is defined }}",
        "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}",
        "{% macro greet(name, mark='!') %}Hi {{ name }}{{ mark }}{% endmacro %}{{ greet('A') }}{{ greet('B', '?') }}{{ greet(mark='.', name='C') }}",
        "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, a=3) }}",
        "{% macro m(a, b=a ~ 'x') %}{{ a }}{{ b }}{% endmacro %}{{ m('1') }}{{ m('1', none) }}",
        "{% macro m(x) %}[{{ caller(x) }}]{% endmacro %}{% call(v) m(3) %}v={{ v }}{% endcall %}",
        "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}inside {{ n }}{% endcall %}",
        "{% macro fact(k) %}{{ 1 if k < 2 else k * (fact(k - 1) | int) }}{% endmacro %}{{ fact(5) }}",
        "{% filter upper %}abc {{ n }}{% endfilter %}",
        "{% filter replace('a', 'b') | upper %}abc{% endfilter %}",
        "{% block body %}in {{ n }}{% endblock %}",
        "{% set t = 1 %}{% block body %}{{ t }}{% endblock body %}",
        "{% for i in [1,2] %}{% block b scoped %}{{ i }}{% endblock %}{% endfor %}",
        "{% do sample.numbers.append(9) %}{{ sample.numbers }}",
        "{% set l = [] %}{% for i in range(3) %}{% do l.append(i * 2) %}{% endfor %}{{ l }}",
        "{% set d = {'a': 1} %}{% do d.update({'b': 2}) %}{% do d.pop('a') %}{{ d }}",
        "{% raw %}{{ not }} {% rendered %}{% endraw %}",
        "a {%- raw %} {{ x }} {% endraw -%} b",
        "{# comment #}x{#- trimmed -#} y",
        "a {# {{ x }} {% if %} #} b",
        "  {%- if true -%}  x  {%- endif -%}  y",
        "a\n{%- if true %}\nb\n{%- endif %}\nc\n",
        "{{- n -}} x {{- ' y ' -}} z",
        "line\n",
        "line\n\n",
        "line\r\nnext\rlast\r\n",
        "",
        "\n",
        "{{ '}}' }}{{ '%}' }}{{ {'a': {'b': 1}} }}",
        "{{ \"{{ x }}\" }} { x } {% raw %}{%{% endraw %}",
        "{%+ if true +%} x {%+ endif %}",
        "{% for x in [1,2] %}{% if x == 2 %}{% break %}{% endif %}{% else %}else{% endfor %}|{% for x in [1] %}{% continue %}{% else %}else{% endfor %}",
        "{{ range(5) | list }}{{ range(2, 8, 3) | list }}{{ range(3, 0, -1) | list }}",
        "{{ dict(a=1, b='x') }}{{ dict([('k', 1)]) }}",
        "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{% do c.reset() %}{{ c.next() }}",
        "{% set j = joiner('; ') %}{% for x in [1,2,3] %}{{ j() }}{{ x }}{% endfor %}",
        "{% macro a(x) %}{{ x }}{% endmacro %}{% set f = a %}{{ f(1) }}{{ [1, 2] | map('string') | join('+') }}",
        "{% for x in [3,1] %}{% set loop_value = x %}{{ loop_value }}{% endfor %}{{ loop_value is defined }}",
        "{% for i in range(2) %}{% with k = i * 2 %}{% if k %}{% continue %}{% endif %}{{ k }}{% endwith %}{% endfor %}",
    ],
    "text-methods": [
        "{{ 'hELLO wORLD'.capitalize() }} {{ 'ß'.casefold() }} {{ 'ab'.center(7) }}| {{ 'abc'.center(6, '*') }} {{ 'ab'.center(5, '-') }}",
        "{{ 'banana'.count('an') }} {{ 'banana'.count('a', 2) }} {{ 'abc'.endswith('bc') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'abc'.startswith('b', 1) }}",
        "{{ 'a\\tb'.expandtabs(4) }} {{ 'banana'.find('na') }} {{ 'banana'.find('x') }} {{ 'banana'.rfind('na') }} {{ 'banana'.index('n') }} {{ 'banana'.rindex('n') }}",
        "{{ 'a1'.isalnum() }} {{ 'ab'.isalpha() }} {{ 'é'.isascii() }} {{ '12'.isdecimal() }} {{ '12'.isdigit() }} {{ 'x_1'.isidentifier() }} {{ 'ab'.islower() }} {{ '½'.isnumeric() }}",
        "{{ 'a b'.isprintable() }} {{ ' \\n'.isspace() }} {{ 'Ab Cd'.istitle() }} {{ 'AB'.isupper() }} {{ ''.isalpha() }} {{ ''.islower() }}",
        "{{ ', '.join(sample.choices) }} {{ 'ab'.ljust(5, '.') }} {{ 'ab'.rjust(5, '.') }} {{ 'AbC'.lower() }} {{ 'AbC'.upper() }} {{ 'AbC'.swapcase() }}",
        "[{{ '  x '.lstrip() }}] [{{ '  x '.rstrip() }}] [{{ '  x '.strip() }}] {{ 'xxaxx'.strip('x') }} {{ 'abcab'.lstrip('ab') }} {{ 'abcab'.rstrip('ab') }}",
        "{{ 'a-b-c'.partition('-') }} {{ 'a-b-c'.rpartition('-') }} {{ 'abc'.partition('-') }} {{ 'abc'.rpartition('-') }}",
        "{{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.txt'.removesuffix('.txt') }} {{ 'x'.removeprefix('y') }}",
        "{{ 'aaa'.replace('a', 'b') }} {{ 'aaa'.replace('a', 'b', 2) }} {{ 'ab'.replace('', '-') }}",
        "{{ 'a b  c'.split() }} {{ 'a,b,,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a b c '.split(none, 1) }} {{ ''.split() }} {{ ''.split(',') }}",
        "{{ 'a,b,c'.rsplit(',', 1) }} {{ 'a b c'.rsplit(none, 1) }} {{ 'a b c'.rsplit() }}",
        "{{ 'a\\nb\\r\\nc'.splitlines() }} {{ 'a\\nb\\n'.splitlines(true) }} {{ ''.splitlines() }}",
        "{{ \"they're bill's\".title() }} {{ '42'.zfill(5) }} {{ '-42'.zfill(5) }} {{ 'x'.zfill(0) }}",
        "{{ '{} and {}'.format('a', 2) }} {{ '{1}{0}'.format('a', 'b') }} {{ '{x}-{y}'.format(x=1, y='z') }} {{ '{{}}'.format() }}",
        "{{ '{:>5}|{:<5}|{:^5}|{:*^5}'.format('a', 'b', 'c', 'd') }} {{ '{:05d} {:+d} {:,} {:_}'.format(42, 42, 1234567, 1234567) }}",
        "{{ '{:.2f} {:8.3f} {:e} {:g} {:.1%}'.format(3.14159, 2.5, 12345.678, 0.00001, 0.256) }} {{ '{:x} {:X} {:#x} {:b} {:o} {:c}'.format(255, 255, 255, 5, 8, 65) }}",
        "{{ '{!r} {!s}'.format('a', 'b') }} {{ '{0[k]} {1[0]}'.format({'k': 'v'}, [7]) }} {{ '{:{w}.{p}f}'.format(3.14159, w=8, p=2) }} {{ '{:.3}'.format('abcdef') }}",
        "{{ '{:,.2f}'.format(1234567.891) }} {{ '{:>10,}'.format(1234) }} {{ '{:=+6d}'.format(42) }} {{ '{:06.2f}'.format(-1.5) }} {{ '{a[x]}'.format_map({'a': {'x': 1}}) }}",
        "{{ sample.emoji.upper() }} {{ sample.emoji | length }} {{ sample.emoji.find('b') }} {{ sample.emoji.center(7, '-') }}",
        "{{ 'a.b'.split('.')[0] }} {{ 'x'.join(['a', 'b']) }} {{ 'Straße'.upper() }} {{ 'ÉA'.lower() }}",
    ],
    "container-methods": [
        "{% set l = [1, 2] %}{% do l.append(3) %}{% do l.extend([4, 5]) %}{% do l.insert(0, 0) %}{{ l }}{{ l.pop() }}{{ l.pop(0) }}{{ l }}",
        "{% set l = [3, 1, 2, 1] %}{{ l.count(1) }}{{ l.index(2) }}{% do l.remove(1) %}{{ l }}{% do l.sort() %}{{ l }}{% do l.reverse() %}{{ l }}{% do l.clear() %}{{ l }}",
        "{% set l = [1] %}{% set m = l.copy() %}{% do m.append(2) %}{{ l }}{{ m }}{% set k = ['b', 'a'] %}{% do k.sort(reverse=true) %}{{ k }}",
        "{{ (1, 2, 1).count(1) }}{{ (1, 2, 1).index(2) }}",
        "{% set d = {'a': 1, 'b': 2} %}{{ d.get('a') }}{{ d.get('z') }}{{ d.get('z', 0) }}{{ d.keys() | list }}{{ d.values() | list }}{{ d.items() | list }}",
        "{% set d = {'a': 1} %}{{ d.setdefault('a', 9) }}{{ d.setdefault('b', 9) }}{{ d }}{{ d.pop('a') }}{{ d.pop('z', 'none') }}{{ d }}{{ d.popitem() }}{{ d }}",
        "{% set d = {'a': 1} %}{% do d.update(b=2) %}{% do d.update({'c': 3}, d=4) %}{% do d.update([('e', 5)]) %}{{ d }}{% set e = d.copy() %}{% do d.clear() %}{{ d }}{{ e | length }}",
        "{% for key, value in sample.meta | dictsort %}{{ key }}:{{ value }} {% endfor %}",
        "{{ sample.numbers.count(3) }}{{ sample.numbers.index(2) }}",
    ],
    "filters": [
        "{{ -3.5 | abs }}",
        "{{ [1,2,3,4,5] | batch(2) | list }}{{ [1,2,3] | batch(2, 'x') | list }}{{ [] | batch(2) | list }}",
        "{{ 'hELLO' | capitalize }}|{{ 'ab' | center(6) }}|{{ 'ab' | center(5) }}|",
        "{{ [1,2] | count }}{{ 'abc' | length }}{{ sample.meta | length }}{{ sample.emoji | count }}",
        "{{ missing | default('d') }}{{ '' | default('d') }}{{ '' | default('d', true) }}{{ none | d('x') }}{{ sample.nope | d }}|{{ sample.nope | default(default_value=5) }}",
        "{{ {'b': 1, 'A': 3, 'c': 2} | dictsort }}{{ {'b': 1, 'A': 3} | dictsort(true) }}{{ {'b': 2, 'a': 3} | dictsort(by='value', reverse=true) }}",
        "{{ sample.html | e }}{{ sample.html | escape }}{{ '\"' | forceescape }}{{ '<x>' | safe }}",
        "{{ 100 | filesizeformat }} {{ 1 | filesizeformat }} {{ 1000 | filesizeformat }} {{ 1234567 | filesizeformat }} {{ 1024 | filesizeformat(true) }} {{ 5e15 | filesizeformat }} {{ 0 | filesizeformat }}",
        "{{ [1,2] | first }}{{ 'abc' | first }}{{ [1,2] | last }}{{ 'abc' | last }}",
        "{{ '3.5' | float }} {{ 'x' | float }} {{ 'x' | float(1.5) }} {{ '1e3' | float }} {{ true | float }} {{ ' 2 ' | float }} {{ none | float }}",
        "{{ '%s-%s' | format('a', 1) }} {{ '%(x)s' | format(x=3) }} {{ '%.1f' | format(2.25) }}",
        "{% for g in sample.people | groupby('age') %}{{ g.grouper }}:{{ g.list | map(attribute='name') | join(',') }} {% endfor %}",
        "{% for zip, people in sample.people | groupby('city.zip') %}{{ zip }}{{ people | length }} {% endfor %}",
        "{{ [{'c': 'B'}, {'c': 'a'}, {'c': 'b'}] | groupby('c') | map('first') | list }}{{ [{'c': 'B'}, {'c': 'b'}] | groupby('c', case_sensitive=true) | length }}{{ [{'c': 1}, {}] | groupby('c', default=0) | length }}",
        "{{ sample.lines | indent }}|{{ sample.lines | indent(2, true) }}|{{ sample.lines | indent(2, blank=true) }}|{{ sample.lines | indent('> ') }}",
        "{{ '42' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ '42.9' | int }} {{ '1f' | int(base=16) }} {{ '0x1f' | int(0, 16) }} {{ 3.99 | int }} {{ -3.99 | int }} {{ true | int }} {{ ' 5 ' | int }} {{ '0b11' | int(0, 2) }} {{ none | int }} {{ '1_000' | int }}",
        "{{ sample.meta | items | list }}",
        "{{ [1,'a',none] | join }} {{ [1,2] | join(', ') }} {{ sample.people | join('/', attribute='name') }} {{ 'abc' | join('-') }} {{ [] | join(',') }}",
        "{{ 'abc' | list }}{{ {'a': 1} | list }}{{ (1, 2) | list }}",
        "{{ 'ABC' | lower }}{{ 'abc' | upper }}{{ 5 | upper }}{{ none | lower }}",
        "{{ ['a', 'b'] | map('upper') | list }}{{ sample.people | map(attribute='age') | list }}{{ sample.people | map(attribute='city.zip') | join }}{{ [{'a': 1}, {}] | map(attribute='a', default=0) | list }}{{ ['a,b'] | map('split', ',') | list }}".replace("{{ ['a,b'] | map('split', ',') | list }}", "{{ ['aa'] | map('replace', 'a', 'b') | list }}"),
        "{{ [3,1,2] | max }}{{ [3,1,2] | min }}{{ ['b','A'] | max }}{{ ['b','A'] | min(case_sensitive=true) }}{{ (sample.people | max(attribute='age')).name }}{{ 'hello' | max }}{{ [('b', 1), ('A', 2)] | min }}{{ [['b'], ['A']] | sort }}",
        "{{ {'b': 1, 'a': [1, 'x']} | pprint }}",
        "{{ [1,2,3,4] | reject('odd') | list }}{{ [0,1,''] | reject | list }}{{ sample.people | rejectattr('age', 'equalto', 30) | map(attribute='name') | list }}{{ [{'a': 0}, {'a': 1}] | rejectattr('a') | list }}",
        "{{ [1,2,3,4] | select('even') | list }}{{ [0,1,''] | select | list }}{{ [1,5,9] | select('gt', 4) | list }}{{ [1,2,3] | select('in', [2,3]) | list }}{{ [4,6] | select('divisibleby', 3) | list }}",
        "{{ sample.people | selectattr('age', '==', 30) | map(attribute='name') | list }}{{ sample.people | selectattr('nope', 'defined') | list }}{{ sample.people | selectattr('city.zip', 'eq', 'a') | list | length }}{{ [{'a': none}] | selectattr('a', 'none') | list }}",
        "{{ 'aXbX' | replace('X', '-') }}{{ 'aaa' | replace('a', 'b', 2) }}{{ 5 | replace('5', 'x') }}",
        "{{ [1,2,3] | reverse | list }}{{ 'abc' | reverse }}",
        "{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.675 | round(2) }} {{ 42.55 | round(1, 'floor') }} {{ 42.51 | round(1, 'ceil') }} {{ 1234 | round(-2) }} {{ 0.125 | round(2) }} {{ 0.375 | round(2) }} {{ -2.5 | round }} {{ 1e20 | round | int > 5 }}",
        "{{ [1,2,3,4,5,6,7] | slice(3) | list }}{{ [1,2,3,4] | slice(3, 'x') | list }}",
        "{{ [3,1,2] | sort }}{{ ['b','A','c'] | sort }}{{ ['b','A'] | sort(case_sensitive=true) }}{{ [1,2] | sort(true) }}{{ sample.people | sort(attribute='age') | map(attribute='name') | list }}{{ sample.people | sort(attribute='age,name', reverse=true) | map(attribute='name') | list }}{{ {'b': 1, 'a': 2} | sort }}",
        "{{ 5 | string }}{{ [1] | string | length }}{{ none | string }}",
        "{{ sample.html | striptags }}{{ '<p>a\\n  b</p><!-- c -->&lt;&eacute;&#33;' | striptags }}".replace("&eacute;", ""),
        "{{ [1,2,3] | sum }}{{ sample.people | sum(attribute='age') }}{{ [] | sum(start=5) }}{{ [1.5, 2] | sum }}{{ [true, true] | sum }}",
        "{{ \"hello wORLD-foo (bar) it's\" | title }}",
        "{{ {'b': 1, 'a': [true, none, 1.5, 'x']} | tojson }}{{ \"<a href='x'>&</a>\" | tojson }}{{ sample.accents | tojson }}{{ sample.emoji | tojson }}",
        "{{ {'b': [], 'a': {'c': [1, 2]}, 'e': {}} | tojson(2) }}{{ [1] | tojson(indent=1) }}{{ 'a\"b\\\\c\\n\\t\\x01' | tojson }}{{ (1, 2) | tojson }}{{ {1: 2} | tojson }}{{ none | tojson }}",
        "[{{ sample.blank | trim }}]{{ 'xxaxx' | trim('x') }}{{ 5 | trim }}",
        "{{ 'foo bar baz qux' | truncate(9) }} {{ 'foo bar baz qux' | truncate(9, true) }} {{ 'foo bar baz qux' | truncate(11) }} {{ 'foo bar baz qux' | truncate(11, false, '...', 0) }} {{ 'foo bar baz qux' | truncate(5, end='') }} {{ 'abcdefghijklmnop' | truncate(6) }}",
        "{{ ['a','A','b','a'] | unique | list }}{{ ['a','A'] | unique(true) | list }}{{ sample.people | unique(attribute='age') | map(attribute='name') | list }}{{ [1, true, 1.0, 2] | unique | list }}",
        "{{ 'a b/c?d=é&(x)!~' | urlencode }} {{ {'a b': 1, 'c': 'x/y z'} | urlencode }} {{ [('k', 'v w')] | urlencode }}",
        "{{ \"it's two-fold, really\" | wordcount }}{{ '' | wordcount }}",
        "{{ 'The quick brown fox jumps' | wordwrap(10) }}|{{ 'abcdefghijkl' | wordwrap(5) }}|{{ 'abcdefgh ij' | wordwrap(5, false) }}|{{ 'a b c d' | wordwrap(3, wrapstring='~') }}|{{ 'well-known fact here' | wordwrap(6) }}|{{ 'well-known x' | wordwrap(6, break_on_hyphens=false) }}|{{ sample.lines | wordwrap(3) }}",
        "{{ 'one -- two--three  x' | wordwrap(6) }}|{{ '   lead and   gaps' | wordwrap(8) }}|{{ 'aaa-bbb-ccc ddd' | wordwrap(7) }}",
        "<a{{ {'class': 'x y', 'id': 5, 'none': none, 't': '<\">'} | xmlattr }}>{{ {} | xmlattr }}{{ {'a': 1} | xmlattr(false) }}",
        "{{ 'a' | upper | lower | upper ~ 'b' | upper }} {{ -1 | abs }} {{ (1, 2) | first }}",
        "{{ sample.choices | join(', ') | upper | replace('ROME', 'R') }}",
        "{{ sample | attr('get') is callable }}{{ 'abc' | attr('upper') is defined }}{{ sample | attr('nope') is defined }}",
    ],
    "own-filters": [
        "{{ (sample.json | fromjson).b[1] }}{{ sample.json | fromjson }}{{ '[1, \"a\", true, null]' | fromjson }}{{ '5' | fromjson }}",
        "{{ 'say \"hi\"\\n\\\\ é' | json_escape }}{{ 5 | json_escape }}{{ none | json_escape }}{{ [1, 'a'] | json_escape }}",
        "{{ [1,2,3] | zip(['a','b']) | list }}{{ [1,2] | zip([3,4], [5,6]) | list }}{% for a, b in sample.choices | zip(sample.numbers) %}{{ a }}{{ b }}{% endfor %}",
        "{{ {'a': {'x': 1, 'y': 2}, 'b': 1} | merge({'a': {'y': 3}, 'c': [1]}) }}{{ {} | merge({}) }}{{ {'a': {'x': 1}} | merge({'a': 5}) }}",
        "{{ {'a': 1} | merge([1]) }}",
        "{{ 5 | merge({}) }}",
        "{{ 'not json' | fromjson }}",
        "{{ 'a1b22' | regex_replace('[0-9]+', '#') }}{{ 'a1b22' | regex_replace('([0-9]+)', '<\\\\1>') }}{{ 'John Smith' | regex_replace('(?P<f>\\\\w+) (?P<l>\\\\w+)', '\\\\g<l>, \\\\g<f>') }}",
        "{{ 'aAa' | regex_replace('a', 'x', ignorecase=true) }}{{ 'aAa' | regex_replace('a', 'x', count=1) }}{{ 'a\\nb' | regex_replace('^', '> ', multiline=true) }}{{ 'a\\nb' | regex_replace('^', '> ') }}",
        "{{ 'a\\nb\\n' | regex_replace('$', '!', multiline=true) }}|{{ 'b\\n' | regex_replace('b$', 'X') }}|{{ 'a.b-c' | regex_replace('[.\\\\-]', '_') }}|{{ 'x{2}' | regex_replace('{', '(') }}",
        "{{ 'été naïve' | regex_replace('\\\\w+', 'W') }}{{ 'a b\\tc' | regex_replace('\\\\s', '') }}{{ 'word1 word2' | regex_replace('\\\\bword', 'W') }}{{ 'ab' | regex_replace('(a)(x)?', '[\\\\2\\\\g<0>]') }}",
        "{{ 'abc' | regex_replace('', '-') }}{{ 'aXbX' | regex_replace('(?i)x', '\\\\n') }}{{ 'a]b' | regex_replace('[]]', '|') }}{{ 'a-z' | regex_replace('[^a-y]', '.') }}{{ 'ab12' | regex_replace('(?<=b)1', 'Z') }}",
        "{{ 'aa' | regex_replace('(a)\\\\1', 'x') }}{{ 'a.b' | regex_replace('\\\\.', '\\\\\\\\') }}{{ 'A-B_C' | regex_replace('[\\\\W_]', ' ') }}{{ 'aaa' | regex_replace('a{2}', 'b') }}{{ 'a\\nb' | regex_replace('a.b', 'x') }}",
        "{{ 'x' | regex_replace('(', 'y') }}{# can never work: found when it is compiled #}",
    ],
    "tests": [
        "{{ true is boolean }}{{ 1 is boolean }}{{ range is callable }}{{ 1 is callable }}",
        "{{ n is defined }}{{ nope is defined }}{{ sample.nope is defined }}{{ sample.nothing is defined }}{{ nope is undefined }}{{ nope is not defined }}{{ sample.empty is defined }}",
        "{{ 9 is divisibleby 3 }}{{ 9 is divisibleby(2) }}{{ 4 is even }}{{ 4 is odd }}{{ 3 is odd }}{{ -3 is odd }}",
        "{{ 1 is eq 1 }}{{ 1 is equalto 2 }}{{ 1 is ne 2 }}{{ 1 is lt 2 }}{{ 1 is le 1 }}{{ 2 is gt 1 }}{{ 2 is ge 3 }}{{ 1 is lessthan 2 }}{{ 2 is greaterthan 1 }}",
        "{{ true is true }}{{ 1 is true }}{{ false is false }}{{ none is none }}{{ 0 is none }}{{ 'x' is filter }}{{ 'upper' is filter }}{{ 'odd' is test }}{{ 'x' is test }}",
        "{{ 1 is integer }}{{ true is integer }}{{ 1.5 is integer }}{{ 1.5 is float }}{{ 1 is float }}{{ 1 is number }}{{ 1.5 is number }}{{ 'a' is number }}",
        "{{ 1 is in [1,2] }}{{ 1 is not in [1,2] }}{{ 'a' is in 'abc' }}{{ [1] is iterable }}{{ 'a' is iterable }}{{ 1 is iterable }}{{ {} is mapping }}{{ [] is mapping }}",
        "{{ 'abc' is lower }}{{ 'ABC' is upper }}{{ 'aBc' is lower }}{{ none is sameas none }}{{ true is sameas true }}{{ 'a' is string }}{{ 1 is string }}",
        "{{ [] is sequence }}{{ 'a' is sequence }}{{ {} is sequence }}{{ 1 is sequence }}{{ 'x' is escaped }}",
        "{{ 'y' if sample.flag is true else 'n' }}{{ not n is odd }}{{ n is odd or false }}{{ n is not odd }}",
    ],
    "undefined": [
        "{{ nope }}",
        "{{ sample.nope }}",
        "{{ sample['nope'] }}",
        "{{ sample.choices[9] }}",
        "{{ sample.nope.deeper }}",
        "{{ sample.nope.deeper is defined }}",
        "{{ sample.nope == 1 }}",
        "{{ sample.nope != 1 }}",
        "{{ 1 < sample.nope }}",
        "{{ sample.nope + 1 }}",
        "{{ 'x' ~ sample.nope }}",
        "{% if sample.nope %}x{% endif %}",
        "{% if not sample.nope %}x{% endif %}",
        "{{ sample.nope and true }}",
        "{{ sample.nope or true }}",
        "{{ 'a' if sample.nope else 'b' }}",
        "{% for x in sample.nope %}{{ x }}{% endfor %}",
        "{{ sample.nope() }}",
        "{{ nope() }}",
        "{{ text.nope() }}",
        "{{ sample.nope | upper }}",
        "{{ sample.nope | length }}",
        "{{ sample.nope | join(',') }}",
        "{{ 1 in sample.nope }}",
        "{{ sample.nope in [1] }}",
        "{{ [] | first }}",
        "{{ [] | last }}",
        "{{ [] | max }}",
        "[{{ 1 if false }}]{{ (1 if false) is defined }}{{ (1 if false) | default('d') }}{{ 'x' ~ (1 if false) }}{% for x in (1 if false) %}{% endfor %}{{ not (1 if false) }}{{ (1 if false) | upper }}",
        "{{ (1 if false) + 1 }}",
        "{{ (1 if false) < 1 }}",
        "{{ (1 if false).x }}",
        "{% for x in [1,2,3] %}{{ x }}{{ ',' if not loop.last }}{% endfor %}",
        "{% set x = sample.nope %}ok",
        "{% set x = sample.nope %}{{ x }}",
        "{% set x = sample.nope %}{{ x | default('d') }}{{ x is defined }}",
        "{{ sample.nothing.x }}",
        "{{ n.x }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}",
        "{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}",
        "{% for x in [1] %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}{% endfor %}",
        "{{ loop }}",
        "{% for x in [1] %}{{ loop.nope }}{% endfor %}",
        "{{ sample.people | map(attribute='nope') | join }}",
        "{{ sample.people | selectattr('nope') | list }}",
        "{{ sample.nope | default(nope2) }}",
        "{% if false %}{{ nope }}{% endif %}fine",
        "{{ true or nope }}{{ false and nope }}",
        "{% with a = nope %}fine{% endwith %}",
    ],
    "failing": [
        "{{ 1 / 0 }}",
        "{{ 1 // 0 }}{{ 1 % 0 }}",
        "{{ 'a' + 1 }}",
        "{{ 'a' - 'b' }}",
        "{{ none + 1 }}",
        "{{ 'a' < 1 }}",
        "{{ none < 1 }}",
        "{{ [1, 'a'] | sort }}",
        "{{ n() }}",
        "{{ 'text'() }}",
        "{{ 1 in 5 }}",
        "{{ 1 in 'abc' }}",
        "{% for x in 5 %}{% endfor %}",
        "{% set a, b = [1] %}",
        "{{ 5 | length }}",
        "{{ ['a', 'b'] | sum }}",
        "{{ '%d' % 'x' }}",
        "{{ '%s %s' % ('a',) }}",
        "{{ '%s' % ('a', 'b') }}",
        "{{ '{} {}'.format('a') }}",
        "{{ 'abc'.index('x') }}",
        "{{ [1].index(2) }}",
        "{{ {}.pop('a') }}",
        "{{ 'abc'.center() }}",
        "{{ 'a'.split('') }}",
        "{{ [1,2,3][::0] }}",
        "{{ 'a'['b':] }}",
        "{{ range(1, 2, 0) }}",
        "{{ dict(1) }}",
        "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}",
        "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}",
        "{% macro r() %}{{ r() }}{% endmacro %}{{ r() }}",
        "{{ -'a' }}",
        "{{ 'x' | map('upper') | first | int(base=99) if false else 1 / 0 }}",
        "{% set x = 1 %}{% set x.y = 2 %}",
        "{{ ['a'] | join(1, 2, 3) if false }}{{ 1 / 0 }}".replace("{{ ['a'] | join(1, 2, 3) if false }}", ""),
    ],
    "syntax": [
        "{{",
        "{{ n",
        "{{ n }",
        "{{ }}",
        "{{ n + }}",
        "{{ n n }}",
        "{{ (n }}",
        "{{ n) }}",
        "{{ [1, 2 }}",
        "{{ 'open }}",
        "{{ n | }}",
        "{{ n | nosuchfilter }}",
        "{{ n is nosuchtest }}",
        "{{ n | uper }}",
        "{{ a..b }}",
        "{{ a. }}",
        "{{ $x }}",
        "{{ n ? 1 : 2 }}",
        "{{ n && 1 }}",
        "{{ not }}",
        "{% if n %}",
        "{% if %}x{% endif %}",
        "{% if n %}x{% endfor %}",
        "{% endif %}",
        "{% else %}",
        "{% for x in %}{% endfor %}",
        "{% for in [1] %}{% endfor %}",
        "{% for 1 in [1] %}{% endfor %}",
        "{% for x of [1] %}{% endfor %}",
        "{% for loop in [1] %}{% endfor %}",
        "{% unknown %}",
        "{% set 1 = 2 %}",
        "{% set true = 2 %}",
        "{% set x %}",
        "{% macro %}{% endmacro %}",
        "{% macro m(1) %}{% endmacro %}",
        "{% macro m(a=1, b) %}{% endmacro %}",
        "{% call n %}{% endcall %}",
        "{# open",
        "{% raw %} x",
        "{{ a[1, ] b }}",
        "{% block a %}{% endblock %}{% block a %}{% endblock %}",
        "{% block a %}{% endblock b %}",
        "{{ f(a=1, 2) }}",
        "{{ f(**a, *b) }}",
        "{{ n is odd is even }}",
        "{% if n = 1 %}x{% endif %}",
        "{{ {'a' 1} }}",
        "{{ 'a' if }}",
        "{%",
        "text {% if n %} more",
        "{{ n }} {% endraw %}",
    ],
}

# title (as docs/templates.md words it), template, what Stet gives, names (None: the usual ones)
DIFFERENCES = [
    ("lazy-lists", "Filters and mapping methods that give generators or views in Python give lists.", "{{ [1, 2] | map('string') }}{{ {'a': 1}.keys() }}{{ range(2) }}", {"output": "['1', '2']['a'][0, 1]"}),
    ("generators-have-length", "Filters and mapping methods that give generators or views in Python give lists.", "{{ [1, 2] | select('odd') | length }}", {"output": "1"}),
    ("one-number-type", "There is one type of number: whole numbers print and test as integers wherever they come from.", "{{ 4 / 2 ~ '' }}{{ 2.0 is float }}{{ 2.0 is integer }}{{ [4 / 2] | join }}{{ 1.0 | tojson }}", {"output": "2FalseTrue21"}),
    ("round-of-big-numbers", "Numbers are doubles: beyond 2^53 whole numbers lose digits.", "{{ 2 ** 64 + 1 }}", {"output": "18446744073709552000"}),
    ("undefined-reaches-nothing", "An undefined value is an error in every filter and test but `default`, `d`, `defined` and `undefined`, also where Jinja2 lets it pass.", "{{ nope is none }}", {"error": "undefined"}),
    ("undefined-is-never-in", "An undefined value is an error in every filter and test but `default`, `d`, `defined` and `undefined`, also where Jinja2 lets it pass.", "{{ nope is string }}{{ nope in [] }}{{ nope | items | list }}", {"error": "undefined"}),
    ("undefined-in-a-list", "An undefined value inside a list or mapping is an error when that is printed.", "{{ [nope] }}", {"error": "undefined"}),
    ("no-markup", "There is no safe text: `escape` and `tojson` give plain text, so escaping twice escapes twice and `+` escapes nothing.", "{{ '<' | e | e }}{{ '<' + ('<' | safe) }}{{ 'x' | e is escaped }}", {"output": "&amp;lt;<<False"}),
    ("checked-early", "Arguments that a filter or test can never take are found when the template is compiled.", "{{ n | replace('a') }}", {"error": "syntax"}),
    ("checked-early-names", "Names of filters and tests given to `map`, `select` and their like are checked when the template is compiled.", "{{ ['a'] | map('uper') | list }}", {"error": "syntax"}),
    ("checked-early-branches", "Unknown filters and tests are errors in branches that are never taken, too.", "{% if false %}{{ n | nosuch }}{% endif %}", {"error": "syntax"}),
    ("no-random", "`random` and `lipsum` do not exist.", "{{ [1] | random }}", {"error": "syntax"}),
    ("no-lipsum", "`random` and `lipsum` do not exist.", "{{ lipsum(1, false, 1, 2) | length > 0 }}", {"error": "undefined"}),
    ("no-urlize", "`urlize` does not exist.", "{{ 'x' | urlize }}", {"error": "syntax"}),
    ("no-autoescape", "`include`, `import`, `from`, `extends` and `autoescape` do not exist.", "{% autoescape false %}x{% endautoescape %}", {"error": "syntax"}),
    ("no-self", "Blocks render where they stand; `self` and `super` do not exist.", "{% block a %}x{% endblock %}{{ self.a() }}", {"error": "undefined"}),
    ("pprint-one-line", "`pprint` never breaks lines.", "{{ ['a' * 50, 'b' * 50] | pprint }}", {"output": "['" + "a" * 50 + "', '" + "b" * 50 + "']"}),
    ("entities", "`striptags` resolves numeric entities and the common named ones only.", "{{ '&amp;&lt;&Aacute;' | striptags }}", {"output": "&<&Aacute;"}),
    ("range-limit", "`range` gives at most 100,000 numbers, and the loops of one rendering take at most 5,000,000 rounds.", "{{ range(100001) | list | length }}", {"error": "failed"}),
    ("functions-do-not-print", "Functions, macros, loops and namespaces cannot be printed.", "{{ 'a'.upper | string | length > 5 }}", {"error": "failed"}),
    ("no-bytes", "`encode`, `translate` and `maketrans` do not exist.", "{{ 'a'.encode() | length }}", {"error": "undefined"}),
    ("no-internals", "Python's own attributes, those of numbers, and `fromkeys` do not exist.", "{{ 'a'.__class__ is defined }}{{ 2.5.is_integer is defined }}", {"output": "FalseFalse"}),
    ("mapping-order", "Keys of a row that look like whole numbers come first in their mapping, in rising order, as the row is read that way.", "{{ odd }}", {"output": "{'1': 'a', '2': 'b', 'x': 'c'}"}, {"odd": {"x": "c", "2": "b", "1": "a"}}),
    ("no-class", "Python's own attributes, those of numbers, and `fromkeys` do not exist.", "{{ sample.__class__.__name__ }}", {"error": "undefined"}),
    ("empty-index", "An empty index and several indexes between commas are syntax errors.", "{{ sample[ ] is defined }}", {"error": "syntax"}),
    ("unhashable", "Tuples cannot be keys of a mapping, and `unique` takes lists and mappings.", "{{ {(1, 2): 'x'}[(1, 2)] }}", {"error": "failed"}),
    ("unhashable-unique", "Tuples cannot be keys of a mapping, and `unique` takes lists and mappings.", "{{ [[1], [1], [2]] | unique | list }}", {"output": "[[1], [2]]"}),
    ("reserved", "Words of the language, such as `in` and `not`, cannot be assigned to.", "{% set and = 1 %}x", {"error": "syntax"}),
    ("true-key", "`true` and 1 are different keys of a mapping.", "{{ {true: 'a', 1: 'b'} | length }}", {"output": "2"}),
    ("null-test", "`null` is a name for `none`, and a test.", "{{ none is null }}", {"output": "True"}),
    ("dunder-names", "`\\N{…}` in text is not resolved.", "{{ '\\N{BULLET}' | length }}", {"output": "10"}),
    ("possessive", "Patterns of `regex_replace` have no possessive repetition, atomic or conditional groups, and no flags in the middle.", "{{ 'aa' | regex_replace('a++', 'b') }}", {"error": "syntax"}),
]


class Failed(Exception):
    pass


def fix_numbers(value):
    """Whole numbers print without `.0`."""
    if isinstance(value, float) and value == value and abs(value) < 1e21 and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: fix_numbers(item) for key, item in value.items()}
    if type(value) is tuple:
        return tuple(fix_numbers(item) for item in value)
    if type(value) is list:
        return [fix_numbers(item) for item in value]
    return value


def merge(left, right):
    if not isinstance(left, dict) or not isinstance(right, dict):
        raise Failed
    merged = dict(left)
    for key, item in right.items():
        both = isinstance(merged.get(key), dict) and isinstance(item, dict)
        merged[key] = merge(merged[key], item) if both else item
    return merged


def regex_replace(value, pattern, replacement, multiline=False, ignorecase=False, count=0):
    flags = (re.MULTILINE if multiline else 0) | (re.IGNORECASE if ignorecase else 0)
    return re.sub(pattern, replacement, value, count=count, flags=flags)


def make_environment():
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        finalize=fix_numbers,
    )
    environment.globals["null"] = None
    environment.filters["fromjson"] = json.loads
    environment.filters["json_escape"] = lambda value: json.dumps(value)[1:-1] if isinstance(value, str) else value
    environment.filters["zip"] = lambda *lists: list(zip(*lists))
    environment.filters["merge"] = merge
    environment.filters["regex_replace"] = regex_replace
    return environment


def expect(environment, template, names):
    try:
        # Jinja2 computes constant expressions when it compiles, so undefined values can turn up there too.
        output = environment.from_string(template).render(json.loads(json.dumps(names)))
        return {"output": re.sub(r" at 0x[0-9a-f]+", "", output)}
    except (jinja2.TemplateSyntaxError, SyntaxError):
        return {"error": "syntax"}
    except jinja2.UndefinedError:
        return {"error": "undefined"}
    except Exception:  # every other failure of a template, whatever its class
        return {"error": "failed"}


def write(name, content):
    CORPUS.mkdir(parents=True, exist_ok=True)
    (CORPUS / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=True) + "\n")


def main():
    environment = make_environment()
    write("names", NAMES)
    total = 0
    for group, templates in GROUPS.items():
        cases = [{"template": template, **expect(environment, template, NAMES)} for template in templates]
        # A pattern that can never match is found by Stet when the template is compiled, by Jinja2 when it is rendered.
        for case in cases:
            if "can never work" in case["template"]:
                case.pop("output", None)
                case["error"] = "syntax"
        write(group, {"jinja2": jinja2.__version__, "cases": cases})
        total += len(cases)
    differences = []
    for identifier, reason, template, stet, *rest in DIFFERENCES:
        names = rest[0] if rest else NAMES
        case = {"id": identifier, "reason": reason, "template": template, "jinja2": expect(environment, template, names), "stet": stet}
        if rest:
            case["names"] = names
        differences.append(case)
    write("differences", {"cases": differences})
    print(f"{total} templates, {len(differences)} known differences")


main()
