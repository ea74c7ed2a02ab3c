#!/usr/bin/env python3
"""Makes tokenizer_reference.json and tokenizer_fixture.json with the `tokenizers` package.

The text is generated, by SplitMix64, so that Tests/CorpusTests/Tokens/MixedText.swift makes the
same bytes and none of it has to be kept: 128 documents of 8 kB and more, each of one kind
(English-like, code-like, German-like, CJK, emoji and symbols, odd white space, any scalars at all).
The reference tokenizer is trained on the even documents and encodes all of them.

    pip install tokenizers==0.23.3
    python Tests/Fixtures/make_tokenizer_fixture.py
"""

import hashlib
import json
import pathlib
import struct

import tokenizers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

DOCUMENTS = 128
DOCUMENT_BYTES = 8192
VOCABULARY = 1536
MASK = (1 << 64) - 1


class RandomSource:
    """Sources/Experiment/Seeds.swift, word for word."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def integer(self, below):
        return (self.next() * below) >> 64


LATIN = "etaoinshrdlcumwfgypbvkjxqz"
GERMAN = "enisratdhulcgmobwfkzpvjyxqäöüß"
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'x", "'", "''s", "'l", "'v"]
SPACES = [0x20, 0x20, 0x20, 0x0A, 0x0A, 0x09, 0x0D, 0x0B, 0x0C, 0x85, 0xA0, 0x1680, 0x2003,
          0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0x200B, 0xFEFF]
OPERATORS = ["=", "==", "->", "{", "}", "();", "[", "]", "//", "+=", "&&", "\"", "#", "...", "_", "\\"]
CJK = [(0x4E00, 0x51A5), (0x3041, 0x56), (0x30A1, 0x5A), (0xAC00, 0x2BA4), (0x3000, 0x20), (0xFF01, 0x5E)]
SYMBOLS = [(0x1F300, 0x400), (0x2190, 0x70), (0x2460, 0xA0), (0x1F1E6, 26), (0xFE00, 16), (0x1F3FB, 5),
           (0x200B, 5), (0x0300, 0x70), (0x00B2, 2), (0x2150, 0x40)]


def lexicon(random, letters, count):
    words = []
    for _ in range(count):
        length = 1 + random.integer(4) + random.integer(5)
        words.append("".join(
            letters[random.integer(1 + random.integer(len(letters)))] for _ in range(length)))
    return words


def zipf(random, words):
    """Low numbers far more often than high ones."""
    return words[random.integer(1 + random.integer(1 + random.integer(len(words))))]


def spaces(random):
    return "".join(chr(SPACES[random.integer(len(SPACES))]) for _ in range(1 + random.integer(4)))


def scalar(random, ranges):
    first, count = ranges[random.integer(len(ranges))]
    return chr(first + random.integer(count))


def anything(random):
    value = random.integer(0x110000 - 0x800)
    return chr(value if value < 0xD800 else value + 0x800)


def piece(random, kind, english, german):
    choice = random.integer(16)
    if choice == 0:
        return str(random.integer(100000))
    if choice == 1:
        return spaces(random)
    if kind == 0:  # English-like
        if choice == 2:
            return zipf(random, english) + CONTRACTIONS[random.integer(len(CONTRACTIONS))]
        if choice == 3:
            return ",.;:!?"[random.integer(6)] + (" " if random.integer(4) else "\n\n")
        if choice == 4:
            return " " + zipf(random, english).upper()
        return " " + zipf(random, english)
    if kind == 1:  # code-like
        if choice < 5:
            return "\n" + "  " * random.integer(6) + zipf(random, english)
        if choice < 10:
            return OPERATORS[random.integer(len(OPERATORS))]
        return ["", " ", "_", "."][random.integer(4)] + zipf(random, english)
    if kind == 2:  # German-like
        word = zipf(random, german)
        return " " + (word[0].upper() + word[1:] if random.integer(3) == 0 and word[0] != "ß" else word)
    if kind == 3:
        return scalar(random, CJK)
    if kind == 4:
        return scalar(random, SYMBOLS)
    if kind == 5:
        return spaces(random) + zipf(random, english)
    return anything(random)


def documents():
    random = RandomSource(20_240_520)
    english = lexicon(random, LATIN, 600)
    german = lexicon(random, GERMAN, 600)
    for number in range(DOCUMENTS):
        text, size = [], 0
        while size < DOCUMENT_BYTES:
            text.append(piece(random, number % 7, english, german))
            size += len(text[-1].encode())
        yield "".join(text)


def classes(pre_tokenizer):
    """L, N, S or O for each scalar, as the pattern sees it: does it join a letter, …?"""
    result = []
    for value in range(0x110000):
        if 0xD800 <= value < 0xE000:
            continue
        for name, probe in (("L", "a"), ("N", "1"), ("O", "!")):
            if len(pre_tokenizer.pre_tokenize_str(probe + chr(value))) == 1:
                break
        else:
            name = "S"
        result.append(name)
    return "".join(result)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def main():
    texts = list(documents())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = byte_level
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts[::2], trainer)

    folder = pathlib.Path(__file__).parent
    (folder / "tokenizer_reference.json").write_text(tokenizer.to_str() + "\n")
    encoded = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    packed = [struct.pack(f"<{len(ids)}H", *ids) for ids in encoded]
    scalars = classes(byte_level)
    (folder / "tokenizer_fixture.json").write_text(json.dumps({
        "madeBy": f"make_tokenizer_fixture.py with tokenizers {tokenizers.__version__}",
        "textSHA256": sha256("".join(texts).encode()),
        "idsSHA256": sha256(b"".join(packed)),
        "tokens": [len(ids) for ids in encoded],
        "documentSHA256": [sha256(ids)[:16] for ids in packed],
        "classesSHA256": sha256(scalars.encode()),
        "letters": scalars.count("L"), "numbers": scalars.count("N"), "spaces": scalars.count("S"),
    }, indent=1) + "\n")
    print(len("".join(texts).encode()), "bytes,", sum(map(len, encoded)), "tokens")


if __name__ == "__main__":
    main()
