/*
 * Measuring a NIC alone: emunic beside QEMU's igb, and memcpy beside both
 *
 * usage: bench-device ROUNDS MILLISECONDS [NIC [VTD [LOAD [VFS]]]]
 *
 * Prints a line of JSON for each measurement. Everything takes turns, so that
 * a noisy machine disturbs all alike.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "bench.h"
#include <sys/mman.h>

static const BenchLoad loads[] = {
    { "64", 60 },                   /* and 4 of FCS, as the next */
    { "1518", 1514 },
    { "64K", BENCH_GSO_LEN, true },
};

static const unsigned numbers[] = { 1, 4, 7, 16, 32, 64 };

/* Of a port, Mbit/s */
static const unsigned speeds[] = { 400, 1000 };

/*
 * Between two looks at the rings, of which the longest fill lasts for 300: who
 * looked all the time would slow down the device where both processors are
 * threads of one core.
 */
#define PAUSE_US        50

#define WARM_UP_NS      150000000ll

static unsigned milliseconds;

static int64_t now(clockid_t clock)
{
    struct timespec t;

    g_assert_cmpint(clock_gettime(clock, &t), ==, 0);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* What one measurement found */
typedef struct BenchResult {
    uint64_t frames;
    int64_t wall_ns;
    int64_t cpu_ns;
    uint64_t accesses;
    int64_t access_ns;              /* processor time of one access */
} BenchResult;

static void report(const char *nic, bool vtd, const BenchLoad *load,
                   unsigned n, const BenchResult *r)
{
    printf("{\"nic\": \"%s\", \"vtd\": %s, \"load\": \"%s\", \"vfs\": %u, "
           "\"frames\": %" PRIu64 ", \"bytes\": %" PRIu64 ", "
           "\"wall_ns\": %" PRId64 ", \"cpu_ns\": %" PRId64 ", "
           "\"accesses\": %" PRIu64 ", \"access_ns\": %" PRId64 "}\n",
           nic, vtd ? "true" : "false", load->name, n, r->frames,
           r->frames * load->len, r->wall_ns, r->cpu_ns, r->accesses,
           r->access_ns);
    fflush(stdout);
}

/* What a register access through qtest costs, which is not the NIC's doing */
static int64_t measure_access(const BenchNic *nic, BenchMachine *m,
                              void *state)
{
    const int times = 200;
    int64_t cpu = now(m->cpu);

    for (int i = 0; i < times; i++) {
        nic->access(state);
    }
    return (now(m->cpu) - cpu) / times;
}

/* Pump for a while; then let everything arrive. */
static void measure(const BenchNic *nic, BenchMachine *m, unsigned n,
                    const BenchLoad *load, unsigned ms)
{
    void *state = nic->start(m, MAX(n, 2), load);
    int64_t start = now(CLOCK_MONOTONIC), length = ms * 1000000ll;
    BenchResult r = { 0 };
    uint64_t left;

    /*
     * Rings, caches and translations a few times over, and until QEMU has
     * taken apart what memory was like before the functions were enabled
     */
    left = 3 * BENCH_RING / DIV_ROUND_UP(load->len, 2048);
    while (left || now(CLOCK_MONOTONIC) - start < WARM_UP_NS) {
        left -= MIN(left, nic->pump(state, true));
    }
    r.accesses = nic->accesses(state);
    r.cpu_ns = now(m->cpu);
    start = now(CLOCK_MONOTONIC);
    while ((r.wall_ns = now(CLOCK_MONOTONIC) - start) < length || !r.frames) {
        r.frames += nic->pump(state, true);
        g_usleep(PAUSE_US);
        g_assert_cmpint(r.wall_ns, <, length + 10 * 1000000000ll);
    }
    r.cpu_ns = now(m->cpu) - r.cpu_ns;
    r.accesses = nic->accesses(state) - r.accesses;
    while (!nic->flushed(state)) {
        nic->pump(state, false);
        g_assert_cmpint(now(CLOCK_MONOTONIC) - start, <,
                        length + 10 * 1000000000ll);
    }
    r.access_ns = measure_access(nic, m, state);
    report(nic->name, m->vtd, load, n, &r);
    nic->stop(state);
}

static void measure_nic(const BenchNic *nic, bool vtd, unsigned n,
                        const BenchLoad *load, unsigned ms)
{
    BenchMachine m;

    bench_machine_start(&m, nic->device, vtd);
    measure(nic, &m, n, load, ms);
    bench_machine_stop(&m);
}

/* Memory as guests have it here: shared, in pages of the same size */
static void *bench_memory(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    g_assert(memory != MAP_FAILED);
    return memory;
}

/*
 * The physical limit: the same frames copied from as many buffers as the NICs
 * have to as many others. Functions take turns at each frame, so that a buffer
 * is used again when all others have been.
 */
static void measure_copy(unsigned n, const BenchLoad *load)
{
    size_t room = ROUND_UP(load->len, 256);
    unsigned ring = bench_ring(n);
    unsigned from_bufs = load->gso ? bench_payloads(n) : ring / 2;
    unsigned to_bufs = ring * BENCH_PAGE / ROUND_UP(load->len, BENCH_PAGE);
    size_t step = ROUND_UP(load->len, BENCH_PAGE);
    size_t from_size = n * from_bufs * room, to_size = n * to_bufs * step;
    uint8_t *from = bench_memory(from_size);
    uint8_t *to = bench_memory(to_size);
    int64_t start, length = milliseconds * 1000000ll;
    BenchResult r = { 0 };

    memset(from, 1, from_size);
    memset(to, 1, to_size);
    start = now(CLOCK_MONOTONIC);
    r.cpu_ns = now(CLOCK_THREAD_CPUTIME_ID);
    for (unsigned turn = 0;
         (r.wall_ns = now(CLOCK_MONOTONIC) - start) < length; turn++) {
        for (unsigned i = 0; i < 32 * n; i++, r.frames++) {
            unsigned v = i % n, at = turn * 32 + i / n;

            memcpy(to + (v * (size_t)to_bufs + at % to_bufs) * step,
                   from + (v * (size_t)from_bufs + at % from_bufs) * room,
                   load->len);
        }
    }
    r.cpu_ns = now(CLOCK_THREAD_CPUTIME_ID) - r.cpu_ns;
    munmap(from, from_size);
    munmap(to, to_size);
    report("memcpy", false, load, n, &r);
}

static bool wanted(const char *pattern, const char *what)
{
    return !pattern || !*pattern || !strcmp(pattern, what);
}

static void turn(const char *nic, const char *vtd, const BenchLoad *load,
                 unsigned n)
{
    static const BenchNic *const nics[] = { &bench_emunic, &bench_igb };

    for (size_t k = 0; k < ARRAY_SIZE(nics); k++) {
        for (int on = 0; on < 2; on++) {
            if (n <= nics[k]->vfs && wanted(nic, nics[k]->name) &&
                wanted(vtd, on ? "on" : "off")) {
                measure_nic(nics[k], on, n, load, milliseconds);
            }
        }
    }
    if (wanted(nic, "memcpy")) {
        measure_copy(n, load);
    }
}

/* Does the port send at the speed that it says it has? */
static void measure_shaping(unsigned speed)
{
    g_autofree char *name = g_strdup_printf("speed-%u", speed);
    g_autofree char *device = g_strdup_printf("emunic,max_vfs=64,speed=%u",
                                              speed);
    BenchNic nic = bench_emunic;

    nic.name = name;
    nic.device = device;
    measure_nic(&nic, true, 1, &loads[1], 2000);
}

int main(int argc, char **argv)
{
    const char *arg[7] = { NULL };

    for (int i = 1; i < argc && i < ARRAY_SIZE(arg); i++) {
        arg[i - 1] = argv[i];
    }
    if (!arg[1]) {
        fprintf(stderr, "usage: %s ROUNDS MILLISECONDS "
                "[NIC [VTD [LOAD [VFS]]]]\n", argv[0]);
        return 1;
    }
    milliseconds = atoi(arg[1]);
    for (size_t i = 0; i < ARRAY_SIZE(speeds); i++) {
        g_autofree char *name = g_strdup_printf("speed-%u", speeds[i]);

        if (wanted(arg[2], name)) {
            measure_shaping(speeds[i]);
        }
    }
    for (int round = 0; round < atoi(arg[0]); round++) {
        for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
            for (size_t k = 0; k < ARRAY_SIZE(numbers); k++) {
                g_autofree char *n = g_strdup_printf("%u", numbers[k]);

                if (wanted(arg[4], loads[i].name) && wanted(arg[5], n)) {
                    turn(arg[2], arg[3], &loads[i], numbers[k]);
                }
            }
        }
    }
    return 0;
}
