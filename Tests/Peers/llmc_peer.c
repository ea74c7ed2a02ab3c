/* What a user of plain C would train instead, in the style of the well-known single-file trainers: the
 * same model, batch and optimiser as `overtrain bench`, one loop nest per operation, OpenMP over rows,
 * all activations of a micro-batch kept, no library. Prints one JSON object as `overtrain bench --json`.
 *
 *     cc -O3 -march=native -ffast-math -fopenmp llmc_peer.c -o llmc_peer -lm
 *     llmc_peer CONFIG THREADS SECONDS [MICROBATCH]
 */
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct {
  const char *name;
  int layers, width, heads, context, vocabulary, batch;
} Config;

static const Config configs[] = {
    {"xs", 2, 32, 2, 128, 256, 2048},     {"c1", 2, 64, 2, 256, 2048, 8192},
    {"c2", 4, 128, 4, 256, 4096, 16384},  {"c4", 6, 256, 8, 256, 4096, 16384},
    {"c6", 8, 512, 8, 512, 8192, 16384},
};

static int B, T, D, H, F, V, L, N; /* N = B * T rows of a micro-batch */

/* ---- operations: forward and backward ---------------------------------------------------------- */

/* y[n, o] = x[n, i] w[o, i]^T; eight rows at a time, so that a row of w is read once for them */
static void matmul_forward(float *y, const float *x, const float *w, int n, int in, int out) {
#pragma omp parallel for
  for (int r = 0; r < n; r += 8) {
    for (int o = 0; o < out; o++) {
      float sums[8] = {0};
      const float *wo = w + (size_t)o * in;
      for (int k = 0; k < 8; k++) {
        const float *xr = x + (size_t)(r + k) * in;
        float sum = 0;
        for (int i = 0; i < in; i++) sum += xr[i] * wo[i];
        sums[k] = sum;
      }
      for (int k = 0; k < 8; k++) y[(size_t)(r + k) * out + o] = sums[k];
    }
  }
}

/* dx += dy w (or = where set), dw += dy^T x */
static void matmul_backward(
    float *dx, float *dw, const float *dy, const float *x, const float *w, int n, int in, int out,
    int set) {
#pragma omp parallel for
  for (int r = 0; r < n; r++) {
    float *dxr = dx + (size_t)r * in;
    if (set) memset(dxr, 0, in * sizeof(float));
    for (int o = 0; o < out; o++) {
      float d = dy[(size_t)r * out + o];
      const float *wo = w + (size_t)o * in;
      for (int i = 0; i < in; i++) dxr[i] += d * wo[i];
    }
  }
#pragma omp parallel for
  for (int o = 0; o < out; o++) {
    float *dwo = dw + (size_t)o * in;
    for (int r = 0; r < n; r++) {
      float d = dy[(size_t)r * out + o];
      const float *xr = x + (size_t)r * in;
      for (int i = 0; i < in; i++) dwo[i] += d * xr[i];
    }
  }
}

static void rmsnorm_forward(float *y, float *rstd, const float *x, const float *g) {
#pragma omp parallel for
  for (int r = 0; r < N; r++) {
    const float *xr = x + (size_t)r * D;
    float sum = 0;
    for (int i = 0; i < D; i++) sum += xr[i] * xr[i];
    float s = 1 / sqrtf(sum / D + 1e-5f);
    rstd[r] = s;
    for (int i = 0; i < D; i++) y[(size_t)r * D + i] = xr[i] * s * g[i];
  }
}

static void rmsnorm_backward(
    float *dx, float *dg, const float *dy, const float *x, const float *g, const float *rstd) {
  for (int r = 0; r < N; r++) {
    const float *xr = x + (size_t)r * D, *dyr = dy + (size_t)r * D;
    float s = rstd[r], dot = 0;
    for (int i = 0; i < D; i++) dot += dyr[i] * g[i] * xr[i];
    float c = s * s * s * dot / D;
    for (int i = 0; i < D; i++) {
      dg[i] += dyr[i] * xr[i] * s;
      dx[(size_t)r * D + i] += dyr[i] * g[i] * s - xr[i] * c;
    }
  }
}

static float *cosines, *sines;

static void rope(float *qkv, float sign) {
  int w = D / H, half = w / 2;
#pragma omp parallel for
  for (int r = 0; r < N; r++) {
    int t = r % T;
    for (int h = 0; h < 2 * H; h++) { /* queries and keys */
      float *v = qkv + (size_t)r * 3 * D + h * w;
      for (int i = 0; i < half; i++) {
        float c = cosines[t * half + i], s = sign * sines[t * half + i];
        float a = v[i], b = v[i + half];
        v[i] = a * c - b * s;
        v[i + half] = b * c + a * s;
      }
    }
  }
}

/* att [B, H, T, T] holds the probabilities for the way back */
static void attention_forward(float *o, float *att, const float *qkv) {
  int w = D / H;
  float scale = 1 / sqrtf(w);
#pragma omp parallel for collapse(2)
  for (int b = 0; b < B; b++)
    for (int h = 0; h < H; h++)
      for (int t = 0; t < T; t++) {
        const float *q = qkv + ((size_t)b * T + t) * 3 * D + h * w;
        float *p = att + (((size_t)b * H + h) * T + t) * T;
        float top = -1e30f, sum = 0;
        for (int j = 0; j <= t; j++) {
          const float *k = qkv + ((size_t)b * T + j) * 3 * D + D + h * w;
          float s = 0;
          for (int i = 0; i < w; i++) s += q[i] * k[i];
          p[j] = s * scale;
          if (p[j] > top) top = p[j];
        }
        for (int j = 0; j <= t; j++) sum += p[j] = expf(p[j] - top);
        float *out = o + ((size_t)b * T + t) * D + h * w;
        memset(out, 0, w * sizeof(float));
        for (int j = 0; j <= t; j++) {
          const float *v = qkv + ((size_t)b * T + j) * 3 * D + 2 * D + h * w;
          p[j] /= sum;
          for (int i = 0; i < w; i++) out[i] += p[j] * v[i];
        }
      }
}

static void attention_backward(float *dqkv, const float *dout, const float *att, const float *qkv) {
  int w = D / H;
  float scale = 1 / sqrtf(w);
  memset(dqkv, 0, (size_t)N * 3 * D * sizeof(float));
#pragma omp parallel for collapse(2)
  for (int b = 0; b < B; b++)
    for (int h = 0; h < H; h++) {
      float dp[T];
      for (int t = 0; t < T; t++) {
        size_t row = (size_t)b * T + t;
        const float *p = att + (((size_t)b * H + h) * T + t) * T;
        const float *d = dout + row * D + h * w, *q = qkv + row * 3 * D + h * w;
        float *dq = dqkv + row * 3 * D + h * w, dot = 0;
        for (int j = 0; j <= t; j++) {
          size_t other = ((size_t)b * T + j) * 3 * D + h * w;
          const float *v = qkv + other + 2 * D;
          float *dv = dqkv + other + 2 * D, s = 0;
          for (int i = 0; i < w; i++) {
            s += d[i] * v[i];
            dv[i] += p[j] * d[i];
          }
          dp[j] = s;
          dot += s * p[j];
        }
        for (int j = 0; j <= t; j++) {
          size_t other = ((size_t)b * T + j) * 3 * D + h * w;
          const float *k = qkv + other + D;
          float *dk = dqkv + other + D, ds = p[j] * (dp[j] - dot) * scale;
          for (int i = 0; i < w; i++) {
            dq[i] += ds * k[i];
            dk[i] += ds * q[i];
          }
        }
      }
    }
}

static void swiglu_forward(float *h, const float *ab) {
#pragma omp parallel for
  for (int r = 0; r < N; r++) {
    const float *a = ab + (size_t)r * 2 * F, *b = a + F;
    for (int i = 0; i < F; i++) h[(size_t)r * F + i] = a[i] / (1 + expf(-a[i])) * b[i];
  }
}

static void swiglu_backward(float *dab, const float *dh, const float *ab) {
#pragma omp parallel for
  for (int r = 0; r < N; r++) {
    const float *a = ab + (size_t)r * 2 * F, *b = a + F, *d = dh + (size_t)r * F;
    float *da = dab + (size_t)r * 2 * F, *db = da + F;
    for (int i = 0; i < F; i++) {
      float s = 1 / (1 + expf(-a[i]));
      da[i] = d[i] * b[i] * s * (1 + a[i] * (1 - s));
      db[i] = d[i] * a[i] * s;
    }
  }
}

/* loss, and d logits in place of the logits */
static double crossentropy(float *logits, const int *targets, float scale) {
  double total = 0;
#pragma omp parallel for reduction(+ : total)
  for (int r = 0; r < N; r++) {
    float *z = logits + (size_t)r * V, top = -1e30f, sum = 0;
    for (int i = 0; i < V; i++) top = z[i] > top ? z[i] : top;
    float wanted = z[targets[r]];
    for (int i = 0; i < V; i++) sum += z[i] = expf(z[i] - top);
    float lse = top + logf(sum), f = scale * (1 + 2e-4f * lse) / sum;
    total += lse - wanted;
    for (int i = 0; i < V; i++) z[i] *= f;
    z[targets[r]] -= scale;
  }
  return total;
}

/* ---- the model --------------------------------------------------------------------------------- */

typedef struct {
  float *norm1, *qkv, *out, *norm2, *up, *down;
} Block;
typedef struct {
  float *embedding, *norm, *head;
  Block *blocks;
} Parameters;
typedef struct {
  float *x, *norm1, *rstd1, *qkv, *att, *o, *u, *norm2, *rstd2, *ab, *h;
} Saved;

static size_t count;

static Parameters point(float *p) {
  Parameters m = {.blocks = malloc(L * sizeof(Block))};
  float *start = p;
#define TAKE(n) (p += (n), p - (n))
  m.embedding = TAKE((size_t)V * D);
  for (int l = 0; l < L; l++)
    m.blocks[l] = (Block){TAKE(D),         TAKE((size_t)3 * D * D), TAKE((size_t)D * D), TAKE(D),
                          TAKE((size_t)2 * F * D), TAKE((size_t)D * F)};
  m.norm = TAKE(D);
  m.head = TAKE((size_t)V * D);
  count = p - start;
  return m;
}

static float *floats(size_t n) { return aligned_alloc(64, (n * sizeof(float) + 63) / 64 * 64); }

static Parameters w, g;
static Saved *saved;
static float *last, *final, *rstd, *logits, *da, *db, *dc, *dqkv, *dab;

static double backpropagate(const int *tokens, float scale) {
  for (int r = 0; r < N; r++)
    memcpy(saved[0].x + (size_t)r * D, w.embedding + (size_t)tokens[r] * D, D * sizeof(float));
  for (int l = 0; l < L; l++) {
    Saved *s = saved + l;
    Block *b = w.blocks + l;
    float *y = l + 1 < L ? saved[l + 1].x : last;
    rmsnorm_forward(s->norm1, s->rstd1, s->x, b->norm1);
    matmul_forward(s->qkv, s->norm1, b->qkv, N, D, 3 * D);
    rope(s->qkv, 1);
    attention_forward(s->o, s->att, s->qkv);
    matmul_forward(s->u, s->o, b->out, N, D, D);
    for (size_t i = 0; i < (size_t)N * D; i++) s->u[i] += s->x[i];
    rmsnorm_forward(s->norm2, s->rstd2, s->u, b->norm2);
    matmul_forward(s->ab, s->norm2, b->up, N, D, 2 * F);
    swiglu_forward(s->h, s->ab);
    matmul_forward(y, s->h, b->down, N, F, D);
    for (size_t i = 0; i < (size_t)N * D; i++) y[i] += s->u[i];
  }
  rmsnorm_forward(final, rstd, last, w.norm);
  matmul_forward(logits, final, w.head, N, D, V);
  double loss = crossentropy(logits, tokens + 1, scale);
  matmul_backward(da, g.head, logits, final, w.head, N, D, V, 1);
  memset(db, 0, (size_t)N * D * sizeof(float));
  rmsnorm_backward(db, g.norm, da, last, w.norm, rstd);
  for (int l = L - 1; l >= 0; l--) { /* db: gradient of the block's output, then of its input */
    Saved *s = saved + l;
    Block *b = w.blocks + l, *d = g.blocks + l;
    matmul_backward(dc, d->down, db, s->h, b->down, N, F, D, 1);
    swiglu_backward(dab, dc, s->ab);
    matmul_backward(da, d->up, dab, s->norm2, b->up, N, D, 2 * F, 1);
    rmsnorm_backward(db, d->norm2, da, s->u, b->norm2, s->rstd2);
    matmul_backward(da, d->out, db, s->o, b->out, N, D, D, 1);
    attention_backward(dqkv, da, s->att, s->qkv);
    rope(dqkv, -1);
    matmul_backward(da, d->qkv, dqkv, s->norm1, b->qkv, N, D, 3 * D, 1);
    rmsnorm_backward(db, d->norm1, da, s->x, b->norm1, s->rstd1);
  }
  for (int r = 0; r < N; r++)
    for (int i = 0; i < D; i++) g.embedding[(size_t)tokens[r] * D + i] += db[(size_t)r * D + i];
  return loss;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "usage: %s CONFIG THREADS SECONDS [MICROBATCH]\n", *argv), 64;
  const Config *c = NULL;
  for (size_t i = 0; i < sizeof configs / sizeof *configs; i++)
    if (!strcmp(argv[1], configs[i].name)) c = configs + i;
  if (!c) return fprintf(stderr, "no config %s\n", argv[1]), 64;
  omp_set_num_threads(atoi(argv[2]));
  double seconds = atof(argv[3]);
  int micro = argc > 4 ? atoi(argv[4]) : 1024;
  if (micro > c->batch) micro = c->batch;
  T = c->context, D = c->width, H = c->heads, V = c->vocabulary, L = c->layers;
  F = (8 * D / 3 + 31) / 32 * 32, B = micro / T, N = B * T;
  point(NULL);
  float *weights = floats(count), *gradients = floats(count);
  float *m = floats(count), *v = floats(count);
  w = point(weights), g = point(gradients);
  srand(1);
  for (size_t i = 0; i < count; i++)
    weights[i] = (rand() / (float)RAND_MAX - .5f) * 3.4f / sqrtf(D), m[i] = v[i] = 0;
  for (int l = 0; l < L; l++)
    for (int i = 0; i < D; i++) w.blocks[l].norm1[i] = w.blocks[l].norm2[i] = w.norm[i] = 1;
  int half = D / H / 2;
  cosines = floats(T * half), sines = floats(T * half);
  for (int t = 0; t < T; t++)
    for (int i = 0; i < half; i++) {
      double angle = t * pow(10000, -(double)i / half);
      cosines[t * half + i] = cos(angle), sines[t * half + i] = sin(angle);
    }
  size_t n = N;
  saved = malloc(L * sizeof(Saved));
  for (int l = 0; l < L; l++)
    saved[l] = (Saved){floats(n * D),     floats(n * D), floats(n),     floats(n * 3 * D),
                       floats(n * H * T), floats(n * D), floats(n * D), floats(n * D),
                       floats(n),         floats(n * 2 * F), floats(n * F)};
  last = floats(n * D), final = floats(n * D), rstd = floats(n), logits = floats(n * V);
  da = floats(n * D), db = floats(n * D), dc = floats(n * F), dqkv = floats(n * 3 * D);
  dab = floats(n * 2 * F);
  int length = 1 << 20, *zipf = malloc((length + 1) * sizeof(int));
  for (int i = 0; i <= length; i++)
    zipf[i] = fmin(V - 1, pow(V, rand() / (double)RAND_MAX) - 1);

  double start = 0, loss = 0;
  int steps = 0;
  for (int step = 1;; step++) {
    memset(gradients, 0, count * sizeof(float));
    loss = 0;
    for (int i = 0; i < c->batch / N; i++) {
      size_t at = ((size_t)step * c->batch + (size_t)i * N) % (length - N);
      loss += backpropagate(zipf + at, 1.f / c->batch);
    }
    double squares = 0;
#pragma omp parallel for reduction(+ : squares)
    for (size_t i = 0; i < count; i++) squares += gradients[i] * gradients[i];
    float clip = squares > 1 ? 1 / sqrt(squares) : 1;
    float c1 = 1 - powf(.9f, step), c2 = 1 - powf(.95f, step);
#pragma omp parallel for
    for (size_t i = 0; i < count; i++) {
      float x = gradients[i] * clip;
      m[i] = .9f * m[i] + .1f * x;
      v[i] = .95f * v[i] + .05f * x * x;
      weights[i] -= 1e-3f * (m[i] / c1 / (sqrtf(v[i] / c2) + 1e-8f) + .1f * weights[i]);
    }
    if (step == 1) {
      start = now();
      continue;
    }
    steps++;
    if (now() - start >= seconds) break;
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf(
      "{\"config\": \"%s\", \"workers\": %s, \"tokensPerSecond\": %.1f, \"loss\": %.5f, "
      "\"peakRSSMB\": %.1f}\n",
      c->name, argv[2], steps * (double)c->batch / (now() - start), loss / c->batch,
      usage.ru_maxrss / 1024.0);
}
