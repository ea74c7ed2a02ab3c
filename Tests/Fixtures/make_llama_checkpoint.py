"""A tiny random Llama in Hugging Face's layout, tasks, and what lm-evaluation-harness makes of them.

    python3 Tests/Fixtures/make_llama_checkpoint.py     (needs torch and tokenizers)

Writes Tests/Fixtures/tiny_llama: config.json, model.safetensors, tokenizer.json, tasks/,
scores.json (no examples), scores_shots.json (three examples before each question) and draws.json
(which examples). The model is written out below in PyTorch (float64), as are the rules: how
lm-evaluation-harness cuts context and answer (together, blanks at the end of the context go to the
answer, an empty context is the end-of-text token, the left end is cut off), draws examples (one more
than needed, the question left out) and compares choices (by sum, or over the characters or bytes of
the choice), and how LLM-Foundry does (examples, context and answer apart, the answer after a space,
a set of examples in Python's order, the mean over tokens). The texts are made up here.
"""

import json
import math
import pathlib
import random
import struct

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
OUT = pathlib.Path(__file__).parent / "tiny_llama"
(OUT / "tasks").mkdir(parents=True, exist_ok=True)
T, LAYERS, D, HEADS, GROUPS, HIDDEN, THETA, EPS = 160, 2, 24, 4, 2, 40, 10000.0, 1e-5
WIDTH = D // HEADS

words = random.Random(3)
NOUNS = "baker river lantern garden stone teacher window letter ship market winter mountain".split()
VERBS = "carries follows paints opens watches mends leaves finds".split()
ENDS = "slowly, before noon; in the rain; without a word; once more; for the café".split("; ")


def sentence():
    a, b = words.sample(NOUNS, 2)
    return f"The {a} {words.choice(VERBS)} the {b} {words.choice(ENDS)}."


# The tokenizer: byte-level BPE of 300 tokens.
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.train_from_iterator(
    (sentence() for _ in range(400)),
    trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<|endoftext|>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
tokenizer.save(str(OUT / "tokenizer.json"))
END = tokenizer.token_to_id("<|endoftext|>")
V = 304  # padded, as many checkpoints are


def encode(text):
    return tokenizer.encode(text).ids


# The model.
shapes = {"model.embed_tokens.weight": (V, D)}
for i in range(LAYERS):
    p = f"model.layers.{i}"
    shapes |= {
        f"{p}.input_layernorm.weight": (D,), f"{p}.self_attn.q_proj.weight": (D, D),
        f"{p}.self_attn.k_proj.weight": (GROUPS * WIDTH, D),
        f"{p}.self_attn.v_proj.weight": (GROUPS * WIDTH, D), f"{p}.self_attn.o_proj.weight": (D, D),
        f"{p}.post_attention_layernorm.weight": (D,), f"{p}.mlp.gate_proj.weight": (HIDDEN, D),
        f"{p}.mlp.up_proj.weight": (HIDDEN, D), f"{p}.mlp.down_proj.weight": (D, HIDDEN)}
shapes |= {"model.norm.weight": (D,), "lm_head.weight": (V, D)}
weights = {
    name: (torch.randn(shape) / math.sqrt(shape[-1]) * (2 if len(shape) > 1 else 0.3)
           + (0 if len(shape) > 1 else 1)).float().double()
    for name, shape in shapes.items()}


def norm(x, name):
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + EPS) * weights[name]


def rotate(x):  # [T, heads, WIDTH], halves as in Hugging Face's rotate_half
    t = torch.arange(x.shape[0])[:, None]
    angle = t * THETA ** (-torch.arange(0, WIDTH, 2) / WIDTH)
    cosine, sine = torch.cos(angle)[:, None], torch.sin(angle)[:, None]
    a, b = x[..., : WIDTH // 2], x[..., WIDTH // 2:]
    return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)


def logits(ids):
    n = len(ids)
    x = weights["model.embed_tokens.weight"][torch.tensor(ids)]
    mask = torch.full((n, n), -math.inf).triu(1)
    for i in range(LAYERS):
        p = f"model.layers.{i}"
        h = norm(x, f"{p}.input_layernorm.weight")
        q, k, v = (h @ weights[f"{p}.self_attn.{c}_proj.weight"].T for c in "qkv")
        q = rotate(q.view(n, HEADS, WIDTH))
        k = rotate(k.view(n, GROUPS, WIDTH)).repeat_interleave(HEADS // GROUPS, 1)
        v = v.view(n, GROUPS, WIDTH).repeat_interleave(HEADS // GROUPS, 1)
        s = torch.einsum("ihw,jhw->hij", q, k) / math.sqrt(WIDTH) + mask
        o = torch.einsum("hij,jhw->ihw", s.softmax(-1), v).reshape(n, D)
        x = x + o @ weights[f"{p}.self_attn.o_proj.weight"].T
        h = norm(x, f"{p}.post_attention_layernorm.weight")
        g = F.silu(h @ weights[f"{p}.mlp.gate_proj.weight"].T)
        x = x + (g * (h @ weights[f"{p}.mlp.up_proj.weight"].T)) @ weights[
            f"{p}.mlp.down_proj.weight"].T
    return norm(x, "model.norm.weight") @ weights["lm_head.weight"].T


def score(context, answer):
    """log p(answer | context) and whether it is what the model would say."""
    ids = (context + answer)[-(T + 1):]
    z = torch.log_softmax(logits(ids[:-1]), -1)[-len(answer):]
    found = z[torch.arange(len(answer)), torch.tensor(answer)]
    return found.sum().item(), bool((z.argmax(-1) == torch.tensor(answer)).all())


def harness(context, answer):
    if not context:
        return [END], encode(answer)
    stripped = context.rstrip()
    answer, context = context[len(stripped):] + answer, stripped
    known = encode(context)
    return known, encode(context + answer)[len(known):]


def foundry(examples, context, answer, delimiter=" "):
    context = ("\n" if examples else "") + context.strip() + delimiter
    return encode(examples) + encode(context.rstrip()), encode(" " + answer.strip())


def foundry_draws(count, shots):
    """The examples of each question, in the order in which they stand."""
    source, draws = random.Random(1234), []
    for i in range(count):
        chosen = set(source.sample(range(count), min(count - 1, shots))) if shots else set()
        if i in chosen:
            chosen.remove(i)
            other = source.choice(range(count))
            while other in chosen or other == i:
                other = source.choice(range(count))
            chosen.add(other)
        draws.append(list(chosen))
    return draws


def harness_draws(records, shots):
    source = random.Random(1234)
    if not shots:
        return [[] for _ in records]
    return [[x for x in source.sample(records, min(shots + 1, len(records))) if x != r][:shots]
            for r in records]


tasks, scores = {}, {0: {}, 3: {}}


def add(name, records, questions, best=lambda item: item["perToken"]):
    """`questions(shots)` has for each record its (tokens of context and answer, answer) by choice."""
    tasks[name] = records
    for shots in scores:
        items = []
        for (choices, correct) in questions(shots):
            found = [score(*pair) for pair, _ in choices]
            sums = np.array([s for s, _ in found])
            lengths = {
                "sum": [1] * len(choices), "perToken": [len(p[1]) for p, _ in choices],
                "perByte": [len(a.encode()) for _, a in choices],
                "perCharacter": [len(a) for _, a in choices]}
            predicted = {rule: int(np.argmax(sums / np.array(n))) for rule, n in lengths.items()}
            items.append({
                "logProbabilities": list(sums), "likeliest": [g for _, g in found],
                "tokens": lengths["perToken"], "bytes": lengths["perByte"], "correct": correct,
                "truncated": any(len(c) + len(a) > T + 1 for (c, a), _ in choices),
                "byRule": {r: predicted[r] for r in ("sum", "perToken", "perByte")},
                "predicted": best(predicted) if len(choices) > 1 else 0 if found[0][1] else -1})
        scores[shots][name] = items


def draw(count):
    return [sentence().split(" ") for _ in range(count)]


def choices_of(records, delimiter=" "):
    """Multiple choice and completion as LLM-Foundry asks them."""
    def right(r):
        return (r["query"].strip(), r["choices"][r["gold"]].strip()) if "query" in r else (
            r["context"].strip(), r["continuation"].strip())

    def questions(shots):
        for r, drawn in zip(records, foundry_draws(len(records), shots)):
            examples = "\n".join(delimiter.join(right(records[i])) for i in drawn)
            context = right(r)[0]
            answers = r["choices"] if "choices" in r else [r["continuation"]]
            yield ([(foundry(examples, context, a, delimiter), a.strip()) for a in answers],
                   r.get("gold", 0))
    return questions


mc = []
for s in draw(20):
    gold = words.randrange(3)
    choices = [" ".join(draw(1)[0][4:]) for _ in range(3)]
    mc.append({"query": " ".join(s[:4]) + " ", "choices": choices, "gold": gold})
add("choice", mc, choices_of(mc))
add("piqa", mc[:6], choices_of(mc[:6], "\nAnswer: "))

schema = [
    {"context_options": [" ".join(draw(1)[0][:3]), " ".join(draw(1)[0][:3])],
     "continuation": " ".join(draw(1)[0][3:]), "gold": words.randrange(2)} for _ in range(12)]


def schema_questions(shots):
    for r, drawn in zip(schema, foundry_draws(len(schema), shots)):
        examples = "\n".join(
            schema[i]["context_options"][schema[i]["gold"]] + " " + schema[i]["continuation"]
            for i in drawn)
        answer = r["continuation"]
        yield [(foundry(examples, c, answer), answer) for c in r["context_options"]], r["gold"]


add("schema", schema, schema_questions)

lm = []
for s in draw(12):
    context = " ".join(s[:4])
    ids = encode(context)
    # Every other continuation is what the model itself would say, where that is text.
    said = tokenizer.decode([logits(ids)[-1].argmax().item()])
    use = said.startswith(" ") and encode(" " + said.strip()) == encode(said)
    lm.append({"context": context, "continuation": said.strip() if use else s[4]})
add("completion", lm, choices_of(lm))

pairs = [{"good": " ".join(s), "bad": " ".join(s[::-1])} for s in draw(12)]
add("pairs", pairs,
    lambda shots: [([(harness("", " " + r[k]), r[k]) for k in ("good", "bad")], 0) for r in pairs],
    best=lambda item: item["sum"])

# Any jsonl with a YAML file: nested choices, the answer's letter, contexts longer than the model's.
LETTERS = "ABCD"
own = [
    {"passage": " ".join(sentence() for _ in range(words.randrange(1, 12))), "topic": s[1],
     "options": {"text": [" ".join(draw(1)[0][4:]) for _ in range(4)]},
     "key": LETTERS[words.randrange(4)]} for s in draw(16)]
(OUT / "tasks/own.yaml").write_text(
    'task: own_task\nfile: own_data.jsonl\ndoc_to_text: "{{passage}}\\nThe {{topic}} "\n'
    'doc_to_choice: "{{options.text}}"\ndoc_to_target: key\nmetric: acc_norm\n')


def own_questions(shots):
    def text(r):
        return f"{r['passage']}\nThe {r['topic']} "

    for r, drawn in zip(own, harness_draws(own, shots)):
        examples = "".join(
            text(x) + " " + x["options"]["text"][LETTERS.index(x["key"])] + "\n\n" for x in drawn)
        yield ([(harness(examples + text(r), " " + c), c) for c in r["options"]["text"]],
               LETTERS.index(r["key"]))


add("own_task", own, own_questions, best=lambda item: item["perCharacter"])

for name, records in tasks.items():
    file = "own_data" if name == "own_task" else name
    (OUT / f"tasks/{file}.jsonl").write_text(
        "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))
(OUT / "scores.json").write_text(json.dumps(scores[0]) + "\n")
(OUT / "scores_shots.json").write_text(json.dumps(scores[3]) + "\n")
(OUT / "draws.json").write_text(json.dumps([
    {"questions": n, "shots": shots, "foundry": foundry_draws(n, shots)[:40],
     "harness": harness_draws(list(range(n)), shots)[:40]}
    for n, shots in [(2, 1), (7, 10), (30, 3), (85, 18), (101, 4), (1838, 10), (5153, 25)]]) + "\n")
(OUT / "config.json").write_text(json.dumps({
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": D,
    "intermediate_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
    "num_key_value_heads": GROUPS, "max_position_embeddings": T, "vocab_size": V,
    "rms_norm_eps": EPS, "rope_theta": THETA, "rope_scaling": None, "hidden_act": "silu",
    "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": False}, indent=2) + "\n")
header, body = {}, b""
for name, w in weights.items():
    data = w.numpy().astype("<f4").tobytes()
    header[name] = {"dtype": "F32", "shape": list(w.shape),
                    "data_offsets": [len(body), len(body) + len(data)]}
    body += data
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
(OUT / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
