"""Losses and gradients of tiny models over ten optimiser steps, computed with PyTorch.

    python3 Tests/Fixtures/make_fixtures.py       (needs torch; writes Tests/Fixtures/*.json)

Each file holds a model's config, its initial weights, the tokens of every step, the learning
rates, and what PyTorch makes of them: the loss (cross-entropy and z-loss, means over tokens) and
the gradient of every parameter before clipping, in step order, and the weights at the end. Arrays
are base64 of little-endian float32, parameters one after the other in the order of `parameters`.

Forward and backward run in float64 and are rounded to float32 when written, so that the numbers
are the mathematics and not one library's order of summation. The optimiser is torch.optim.AdamW.
Its weight decay multiplies by (1 - lr * wd); ours is independent of the peak rate,
(1 - decay * lr / peak), so wd = decay / peak. Only matrices decay.
"""

import base64
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

STEPS, PEAK, FINAL, WARMUP = 10, 1e-2, 1e-3, 3
BETAS, EPSILON, DECAY, CLIP, Z_LOSS = (0.9, 0.95), 1e-8, 1e-2, 1.0, 1e-4

SHARED = dict(normEpsilon=1e-5, ropeBase=10000.0)
MODELS = {
    "llama": dict(
        family="llama", vocabularySize=29, contextLength=12, layers=2, width=16, heads=4,
        keyValueHeads=2, hiddenWidth=24, norm="rmsNorm", qkNorm="perHead", positions="rotary",
        feedForward="swiglu", biases=False, tiedEmbeddings=True, **SHARED),
    "open_lm": dict(
        family="llama", vocabularySize=32, contextLength=9, layers=2, width=12, heads=2,
        keyValueHeads=2, hiddenWidth=16, norm="gainOnlyLayerNorm", qkNorm="fullWidth",
        positions="rotary", feedForward="swiglu", biases=False, tiedEmbeddings=False, **SHARED),
    "gpt2": dict(
        family="gpt2", vocabularySize=32, contextLength=10, layers=2, width=8, heads=2,
        keyValueHeads=2, hiddenWidth=32, norm="layerNorm", qkNorm="none", positions="learned",
        feedForward="gelu", biases=True, tiedEmbeddings=True, **SHARED),
}


def shapes(c):
    """Parameter names and shapes, in the order in which the Swift layers declare them."""
    d, w = c["width"], c["width"] // c["heads"]
    kv, f, v = c["keyValueHeads"] * w, c["hiddenWidth"], c["vocabularySize"]

    def norm(name, n, bias=True):
        yield f"{name}.weight", (n,)
        if bias and c["norm"] == "layerNorm":
            yield f"{name}.bias", (n,)

    def linear(names, inputs):
        for name, rows in names:
            yield f"{name}.weight", (rows, inputs)
        for name, rows in names if c["biases"] else []:
            yield f"{name}.bias", (rows,)

    yield "model.embed_tokens.weight", (v, d)
    if c["positions"] == "learned":
        yield "model.embed_positions.weight", (c["contextLength"], d)
    for i in range(c["layers"]):
        p = f"model.layers.{i}"
        a, m = f"{p}.self_attn", f"{p}.mlp"
        yield from norm(f"{p}.input_layernorm", d)
        yield from linear([(f"{a}.q_proj", d), (f"{a}.k_proj", kv), (f"{a}.v_proj", kv)], d)
        yield from linear([(f"{a}.o_proj", d)], d)
        if c["qkNorm"] != "none":
            full = c["qkNorm"] == "fullWidth"
            yield from norm(f"{a}.q_norm", d if full else w, bias=False)
            yield from norm(f"{a}.k_norm", kv if full else w, bias=False)
        yield from norm(f"{p}.post_attention_layernorm", d)
        if c["feedForward"] == "swiglu":
            yield from linear([(f"{m}.gate_proj", f), (f"{m}.up_proj", f)], d)
        else:
            yield from linear([(f"{m}.up_proj", f)], d)
        yield from linear([(f"{m}.down_proj", d)], f)
    yield from norm("model.norm", d)
    if not c["tiedEmbeddings"]:
        yield "lm_head.weight", (v, d)


def start(name, shape, generator):
    noise = torch.randn(shape, generator=generator)
    if len(shape) == 1:  # gains near one, biases near zero, so that none is a special value
        return (0.0 if name.endswith("bias") else 1.0) + 0.1 * noise
    return noise * (0.3 if "embed" in name else 1 / math.sqrt(shape[1]))


def logits(c, p, ids):
    b, t = ids.shape
    d, h, g = c["width"], c["heads"], c["keyValueHeads"]
    w = d // h

    def norm(name, x):
        n = x.shape[-1]
        if c["norm"] == "rmsNorm":
            return F.rms_norm(x, (n,), p[f"{name}.weight"], c["normEpsilon"])
        return F.layer_norm(x, (n,), p[f"{name}.weight"], p.get(f"{name}.bias"), c["normEpsilon"])

    def linear(name, x):
        return F.linear(x, p[f"{name}.weight"], p.get(f"{name}.bias"))

    def rotate(x):
        half = w // 2
        angle = torch.arange(t)[:, None] * c["ropeBase"] ** (-torch.arange(half) * 2.0 / w)
        cos, sin = torch.cos(angle), torch.sin(angle)
        a, z = x[..., :half], x[..., half:]
        return torch.cat([a * cos - z * sin, z * cos + a * sin], -1)

    def split(x, heads):
        return x.view(b, t, heads, w).transpose(1, 2)

    def attention(a, x):
        q, k, v = (linear(f"{a}.{n}_proj", x) for n in "qkv")
        if c["qkNorm"] == "fullWidth":
            q, k = norm(f"{a}.q_norm", q), norm(f"{a}.k_norm", k)
        q, k, v = split(q, h), split(k, g), split(v, g)
        if c["qkNorm"] == "perHead":
            q, k = norm(f"{a}.q_norm", q), norm(f"{a}.k_norm", k)
        if c["positions"] == "rotary":
            q, k = rotate(q), rotate(k)
        k, v = k.repeat_interleave(h // g, 1), v.repeat_interleave(h // g, 1)
        o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return linear(f"{a}.o_proj", o.transpose(1, 2).reshape(b, t, d))

    def feed_forward(m, x):
        if c["feedForward"] == "swiglu":
            hidden = F.silu(linear(f"{m}.gate_proj", x)) * linear(f"{m}.up_proj", x)
        else:
            hidden = F.gelu(linear(f"{m}.up_proj", x), approximate="tanh")
        return linear(f"{m}.down_proj", hidden)

    x = F.embedding(ids, p["model.embed_tokens.weight"])
    if c["positions"] == "learned":
        x = x + p["model.embed_positions.weight"][:t]
    for i in range(c["layers"]):
        n = f"model.layers.{i}"
        x = x + attention(f"{n}.self_attn", norm(f"{n}.input_layernorm", x))
        x = x + feed_forward(f"{n}.mlp", norm(f"{n}.post_attention_layernorm", x))
    table = "model.embed_tokens.weight" if c["tiedEmbeddings"] else "lm_head.weight"
    return F.linear(norm("model.norm", x), p[table])


def pack(tensors):
    flat = np.concatenate([x.detach().numpy().ravel() for x in tensors])
    return base64.b64encode(flat.astype("<f4").tobytes()).decode()


def rate(step):
    if step < WARMUP:
        return PEAK * (step + 1) / WARMUP
    share = (step - WARMUP) / (STEPS - WARMUP)
    return FINAL + 0.5 * (1 + math.cos(math.pi * share)) * (PEAK - FINAL)


def train(name, c):
    generator = torch.Generator().manual_seed(sum(name.encode()))
    p = {}
    for key, shape in shapes(c):  # initial weights are exact in float32
        p[key] = start(key, shape, generator).float().double().requires_grad_()
    matrices = [x for x in p.values() if x.dim() == 2]
    vectors = [x for x in p.values() if x.dim() == 1]
    optimiser = torch.optim.AdamW(
        [dict(params=matrices, weight_decay=DECAY / PEAK), dict(params=vectors, weight_decay=0.0)],
        betas=BETAS, eps=EPSILON)
    out = dict(
        config=c, torch=torch.__version__.split("+")[0], peakLearningRate=PEAK, beta1=BETAS[0],
        beta2=BETAS[1], epsilon=EPSILON, weightDecay=DECAY, gradientClip=CLIP, zLoss=Z_LOSS,
        parameters=[dict(name=k, shape=list(x.shape)) for k, x in p.items()],
        weights=pack(p.values()), steps=[])
    b, t = 3, c["contextLength"]
    for step in range(STEPS):
        ids = torch.randint(c["vocabularySize"], (b, t + 1), generator=generator)
        inputs, targets = ids[:, :-1], ids[:, 1:].clone()
        targets[0, step % t] = -1  # one token that is not scored
        z = logits(c, p, inputs).view(b * t, -1)
        scored = targets.reshape(-1) >= 0
        ce = F.cross_entropy(z[scored], targets.reshape(-1)[scored])
        loss = ce + Z_LOSS * (torch.logsumexp(z[scored], -1) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        gradients = pack([x.grad for x in p.values()])
        norm = torch.nn.utils.clip_grad_norm_(p.values(), CLIP)
        for group in optimiser.param_groups:
            group["lr"] = rate(step)
        optimiser.step()
        out["steps"].append(dict(
            inputs=inputs.reshape(-1).tolist(), targets=targets.reshape(-1).tolist(),
            learningRate=rate(step), crossEntropy=ce.item(), loss=loss.item(),
            gradientNorm=norm.item(), gradients=gradients))
    out["finalWeights"] = pack(p.values())
    path = pathlib.Path(__file__).with_name(f"{name}.json")
    path.write_text(json.dumps(out, separators=(",", ":")) + "\n")
    count = sum(x.numel() for x in p.values())
    print(path.name, count, "parameters,", path.stat().st_size, "bytes, losses",
          [round(s["loss"], 4) for s in out["steps"]], [round(s["gradientNorm"], 2) for s in out["steps"]])


for name, config in MODELS.items():
    train(name, config)
