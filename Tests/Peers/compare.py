"""Ours against what a user would train with instead, alternately (A B A B …): the median of the ratios
of tokens per second.

    python compare.py --overtrain .build/release/overtrain --c-peer .build-peers/llmc_peer
        [--configs xs c2] [--rounds 5] [--seconds 5]

"single" is one run on all cores on either side; "grid" is one single-threaded run per core on either
side, pinned, as a grid of small models is trained. PyTorch (torch.compile, fused AdamW, head and loss
in chunks, tcmalloc where it is installed) compiles once; its micro-batch is the best of those tried.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CORES = sorted(os.sched_getaffinity(0))
TCMALLOC = "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4"


def start(command, core, **environment):
    pinned = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, env={**os.environ, **environment}, preexec_fn=pinned)


class Served:
    """PyTorch processes that wait for their turn, one for each place."""

    def __init__(self, config, threads, micro, seconds, places):
        environment = {"LD_PRELOAD": TCMALLOC} if os.path.exists(TCMALLOC) else {}
        # A current MKL and oneDNN find their own kernels; what is set here is for another library.
        command = [sys.executable, os.path.join(HERE, "pytorch_peer.py"), "--config", config,
                   "--threads", str(threads), "--seconds", str(seconds), "--microbatch", str(micro)]
        self.processes = [start(command, core, **environment) for core in places]
        for p in self.processes:
            p.stdout.readline()

    def rate(self):
        for p in self.processes:
            p.stdin.write("\n")
            p.stdin.flush()
        results = [json.loads(p.stdout.readline()) for p in self.processes]
        self.memory = sum(r["peakRSSMB"] for r in results)
        return sum(r["tokensPerSecond"] for r in results)

    def stop(self):
        for p in self.processes:
            p.stdin.close()
            p.wait()


def run(commands):
    processes = [start(command, core) for command, core in commands]
    results = [json.loads(p.communicate()[0]) for p in processes]
    return sum(r["tokensPerSecond"] for r in results), sum(r["peakRSSMB"] for r in results)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--overtrain", required=True)
    parser.add_argument("--c-peer")
    parser.add_argument("--configs", nargs="+", default=["xs", "c1", "c2", "c4", "c6"])
    parser.add_argument("--modes", nargs="+", default=["single", "grid"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--microbatches", type=int, nargs="+", default=[1024, 4096, 16384])
    options = parser.parse_args()

    for config in options.configs:
        for mode in options.modes:
            threads = len(CORES) if mode == "single" else 1
            places = [None] if mode == "single" else CORES
            ours = [([options.overtrain, "bench", "--config", config, "--workers", str(threads),
                      "--seconds", str(options.seconds), "--json"], core) for core in places]
            plain = [([options.c_peer, config, str(threads), str(options.seconds)], core)
                     for core in places]

            peer, best, microbatch = None, 0, 0
            for micro in options.microbatches:
                other = Served(config, threads, micro, options.seconds, places)
                rate = other.rate()
                if rate <= best:
                    other.stop()
                    break  # larger ones are slower still
                if peer:
                    peer.stop()
                peer, best, microbatch = other, rate, micro
            a, b, c, memory = [], [], [], 0
            for _ in range(options.rounds):
                rate, memory = run(ours)
                a.append(rate)
                b.append(peer.rate())
                if options.c_peer:
                    c.append(run(plain)[0])
            peer.stop()
            print(json.dumps({
                "config": config, "mode": mode, "overtrain": statistics.median(a),
                "pytorch": statistics.median(b), "microbatch": microbatch,
                "ratio": statistics.median(x / y for x, y in zip(a, b)),
                "ratios": [round(x / y, 3) for x, y in zip(a, b)],
                "plainC": statistics.median(c) if c else None,
                "ratioPlainC": statistics.median(x / y for x, y in zip(a, c)) if c else None,
                "overtrainMB": memory, "pytorchMB": peer.memory,
            }), flush=True)


if __name__ == "__main__":
    main()
