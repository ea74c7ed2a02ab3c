"""What a PyTorch user would train instead: the same model, batch and optimiser as `overtrain bench`.

Llama family, untied head, RMSNorm, RoPE (half split), SwiGLU with F = 8 D / 3 rounded up to 32, z-loss
1e-4, AdamW, clipping at 1. torch.compile, head and loss in chunks, gradient accumulation over
micro-batches. Prints one JSON object, as `overtrain bench --json` does, for every line on its
standard input: so it compiles once, and takes turns with others.

    echo | python pytorch_peer.py --config c2 --threads 2 --seconds 10 [--microbatch 4096] [--eager]
"""

import argparse
import json
import math
import resource
import sys
import time

import torch
import torch.nn.functional as F

# layers, width, heads, context, vocabulary, batch tokens
CONFIGS = {
    "xs": (2, 32, 2, 128, 256, 2048),
    "c1": (2, 64, 2, 256, 2048, 8192),
    "c2": (4, 128, 4, 256, 4096, 16384),
    "c4": (6, 256, 8, 256, 4096, 16384),
    "c6": (8, 512, 8, 512, 8192, 16384),
}


class Block(torch.nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm1 = torch.nn.RMSNorm(width, eps=1e-5)
        self.norm2 = torch.nn.RMSNorm(width, eps=1e-5)
        self.qkv = torch.nn.Linear(width, 3 * width, bias=False)
        self.out = torch.nn.Linear(width, width, bias=False)
        self.up = torch.nn.Linear(width, 2 * hidden, bias=False)
        self.down = torch.nn.Linear(hidden, width, bias=False)

    def forward(self, x, cos, sin):
        b, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)

        def rotate(y):
            a, c = y.chunk(2, -1)
            return y * cos + torch.cat((-c, a), -1) * sin

        y = F.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, d))
        gate, up = self.up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Llama(torch.nn.Module):
    def __init__(self, layers, width, heads, context, vocabulary):
        super().__init__()
        hidden = (8 * width // 3 + 31) // 32 * 32
        self.embedding = torch.nn.Embedding(vocabulary, width)
        self.blocks = torch.nn.ModuleList(Block(width, heads, hidden) for _ in range(layers))
        self.norm = torch.nn.RMSNorm(width, eps=1e-5)
        self.head = torch.nn.Linear(width, vocabulary, bias=False)
        for p in self.parameters():
            if p.dim() == 2:
                torch.nn.init.trunc_normal_(p, std=1 / math.sqrt(p.shape[1]))
        half = width // heads // 2
        angles = torch.outer(torch.arange(context), 10000.0 ** (-torch.arange(half) / half))
        self.register_buffer("cos", torch.cat((angles, angles), -1).cos())
        self.register_buffer("sin", torch.cat((angles, angles), -1).sin())

    def forward(self, tokens, targets, chunk):
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        x = self.norm(x).flatten(0, 1)
        loss = x.new_zeros(())
        for rows, wanted in zip(x.split(chunk), targets.flatten().split(chunk)):
            logits = self.head(rows)
            z = torch.logsumexp(logits, -1)
            loss = loss + (z - logits.gather(1, wanted[:, None])[:, 0] + 1e-4 * z * z).sum()
        return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", choices=CONFIGS, default="c2")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--microbatch", type=int, default=0, help="tokens; 0 is the whole batch")
    parser.add_argument("--chunk", type=int, default=1024, help="rows of logits at a time")
    parser.add_argument("--eager", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    layers, width, heads, context, vocabulary, batch = CONFIGS[options.config]
    micro = min(options.microbatch or batch, batch)
    model = Llama(layers, width, heads, context, vocabulary)
    step = model if options.eager else torch.compile(model)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    zipf = (vocabulary ** torch.rand(1 << 20) - 1).long().clamp(max=vocabulary - 1)

    def train(index):
        total = 0.0
        for i in range(batch // micro):
            start = (index * batch + i * micro) % (len(zipf) - micro - 1)
            window = zipf[start : start + micro + 1]
            loss = step(
                window[:-1].view(-1, context), window[1:].view(-1, context), options.chunk) / batch
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return total

    for i in range(3):
        train(i)
    steps = 0
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        first = steps
        while time.perf_counter() - start < options.seconds:
            loss = train(3 + steps)
            steps += 1
        elapsed = time.perf_counter() - start
        print(json.dumps({
            "config": options.config, "workers": options.threads,
            "tokensPerSecond": (steps - first) * batch / elapsed, "loss": loss,
            "peakRSSMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }), flush=True)


if __name__ == "__main__":
    main()
