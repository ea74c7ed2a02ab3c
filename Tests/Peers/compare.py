"""Ours against PyTorch, alternately (A B A B …): median of the ratios of tokens per second.

    python compare.py --overtrain .build/release/overtrain [--configs xs c2] [--rounds 5] [--seconds 5]

"single" is one run on all cores on either side; "grid" is one single-threaded run per core on either
side, pinned, as a grid of small models is trained. PyTorch's micro-batch is the best of those tried.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CORES = sorted(os.sched_getaffinity(0))


def start(command, core=None):
    environment = dict(os.environ)
    tcmalloc = "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4"
    if "pytorch_peer" in " ".join(command) and os.path.exists(tcmalloc):
        environment["LD_PRELOAD"] = tcmalloc
    pinned = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        preexec_fn=pinned)


def rate(commands):
    processes = [start(command, core) for command, core in commands]
    return sum(json.loads(p.communicate()[0])["tokensPerSecond"] for p in processes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--overtrain", required=True)
    parser.add_argument("--configs", nargs="+", default=["xs", "c1", "c2", "c4", "c6"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--microbatches", type=int, nargs="+", default=[1024, 4096, 16384])
    options = parser.parse_args()

    def ours(config, threads):
        return [options.overtrain, "bench", "--config", config, "--workers", str(threads),
                "--seconds", str(options.seconds), "--json"]

    def theirs(config, threads, micro):
        return [sys.executable, os.path.join(HERE, "pytorch_peer.py"), "--config", config,
                "--threads", str(threads), "--seconds", str(options.seconds),
                "--microbatch", str(micro)]

    for config in options.configs:
        for mode in ["single", "grid"]:
            threads = len(CORES) if mode == "single" else 1
            places = [None] if mode == "single" else CORES
            tried = {m: rate([(theirs(config, threads, m), c) for c in places])
                     for m in options.microbatches}
            best = max(tried, key=tried.get)
            ratios, a, b = [], [], []
            for _ in range(options.rounds):
                a.append(rate([(ours(config, threads), c) for c in places]))
                b.append(rate([(theirs(config, threads, best), c) for c in places]))
                ratios.append(a[-1] / b[-1])
            print(json.dumps({
                "config": config, "mode": mode, "ratio": statistics.median(ratios),
                "ratios": ratios, "overtrain": statistics.median(a),
                "pytorch": statistics.median(b), "microbatch": best}), flush=True)


if __name__ == "__main__":
    main()
