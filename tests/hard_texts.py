"""Texts that are hard to split: clusters of code points, marks, mixed scripts, odd characters and bytes that are no text."""

import re

import numpy as np

CLUSTERS = [  # each is one character to a reader
    *['👩‍👩‍👧', '👩🏽‍🚀', '🏳️‍🌈', '❤️', '❤️‍🔥', '👍🏽', '🇩🇪', '🇫', '1️⃣', '🏴\U000e0067\U000e0062\U000e007f'],
    *['e\u0301', 'e\u0323\u0302', 'ệ', 'x\u0301\u0302\u0303', 'षि', 'क़', 'ก็', 'กำ', 'ன்'],
    *[
        '한',
        '\u1112\u1161\u11ab',
        '\u1112\u1161',
        '\uac00\u11a8',
        '日',
        '神',
        '\u212b',
        'Å',
        '\U00030000',
        '\U0010ffff',
    ],
]
TEXTS = [
    'A man, riding (fast).',
    "don't 3.14 o’clock rock-and-roll",
    'write to first.last@example.org, or https://example.org/?q=1&r=%20#top',
    '... --- “quoted” «guillemets» ‘single’ "((nested))" !? $5 50% a_b C++',
    '日本語text, mixed кириллица; ελληνικά. عربي؟ עברית: हिन्दी। ไทย',
    '秦川雄帝宅，函谷壮皇居。　绮殿千寻起',
    '  two  blanks\tand\u00a0a no-break one  ',
    '👩‍👩‍👧!👍🏽👍 🇩🇪🇫🇷. ❤️, 1️⃣2️⃣',
    '<unk>, a<unk> <end> <x>',
    'ΟΔΟΣ İstanbul STRASSE ẞ ǅ',
]
ODD = [
    '\x00',
    '\x01',
    '\x1c',
    '\t',
    '\n',
    '\r\n',
    ' ',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u3000',
    '\ufdd0',
    '\uffed',
    '\ufffd',
]
ODD += ['\u200d', '\u200c', '\u0301', '\ufe0f', '\U0001f3fd', '\u11ab', 'ΑΣ', 'İ', '<unk>', '<end>', '\u0600', '\ufeff']
INVALID = [b'\xff', b'\x80', b'\xe6\x98', b'\xf0\x9f\x98', b'\xc3', b'\xed\xa0\x80', b'\xc0\x80', b'\xf4\x90\x80\x80']


def hard_texts(count=2000):
    """Texts of bytes: those above, and random ones of their parts."""
    rng = np.random.default_rng(0)
    words = [word for text in TEXTS for word in re.findall(r'\w+|\W', text)]
    parts = [part.encode() for part in (*CLUSTERS, *ODD, *words)] + INVALID
    random = [b''.join(parts[i] for i in rng.integers(0, len(parts), rng.integers(0, 9))) for _ in range(count)]
    return [b'', *(text.encode() for text in TEXTS), *parts, *random]
