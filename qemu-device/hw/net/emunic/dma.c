/*
 * emunic: the only way to guest memory
 *
 * Every access goes through the address space of the function that owns the
 * memory, so that an IOMMU sees its requester ID. Accesses reach memory only,
 * never the registers of a device, and every one of them can fail.
 *
 * A function keeps the host addresses of the pages it used. Three things make
 * them invalid, each under the BQL, and the bottom half holds it from the
 * look-up to the last use: the guest's IOMMU invalidates a range (@notifier),
 * the memory topology changes - which is what clearing Bus Master, disabling
 * a VF, switching translation on or off, unplugging memory and the beginning
 * and end of a dirty log are (@listener) - or the function is reset. Behind an
 * IOMMU that is not known to tell about invalidations without caching mode,
 * nothing is kept.
 *
 * Callers are in an RCU read-side critical section: dirty logs are looked at.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "emunic.h"
#include "dma.h"
#include "trace.h"

#define PAGE            4096
#define TLB_ENTRIES     8192
/* The lower bits of a tag: permissions, and the generation */
#define TLB_READ        BIT(0)
#define TLB_WRITE       BIT(1)
#define TLB_PERM        (TLB_READ | TLB_WRITE)
#define TLB_GENERATION  BIT(2)

#define DMA_ATTRS       ((MemTxAttrs) { .memory = 1 })

static EmunicTlbEntry *emunic_tlb_slot(EmunicDma *dma, uint64_t page)
{
    uint64_t n = page / PAGE;

    return &dma->tlb[(n ^ n / TLB_ENTRIES) % TLB_ENTRIES];
}

void emunic_dma_flush(EmunicFunction *f)
{
    EmunicDma *dma = &f->dma;

    if (!dma->tlb) {
        return;
    }
    trace_emunic_dma_flush(f->vport);
    dma->generation = (dma->generation + TLB_GENERATION) % PAGE;
    if (!dma->generation) {
        memset(dma->tlb, 0, TLB_ENTRIES * sizeof(*dma->tlb));
    }
}

static bool emunic_tlb_is(const EmunicDma *dma, const EmunicTlbEntry *e,
                          uint64_t page)
{
    return (e->tag & ~(uint64_t)TLB_PERM) == (page | dma->generation);
}

static void emunic_dma_unmap(IOMMUNotifier *n, IOMMUTLBEntry *entry)
{
    EmunicFunction *f = container_of(n, EmunicFunction, dma.notifier);
    uint64_t first = entry->iova & -(uint64_t)PAGE;
    uint64_t last = entry->iova + entry->addr_mask;

    if (!f->dma.tlb) {
        return;
    }
    trace_emunic_dma_unmap(f->vport, entry->iova, entry->addr_mask);
    if (last < first || last - first >= TLB_ENTRIES / 4 * PAGE) {
        emunic_dma_flush(f);
        return;
    }
    for (uint64_t page = first; page - first <= last - first; page += PAGE) {
        EmunicTlbEntry *e = emunic_tlb_slot(&f->dma, page);

        if (emunic_tlb_is(&f->dma, e, page)) {
            e->tag = 0;
        }
    }
}

/*
 * Does an IOMMU tell of all that is not valid any more, although nobody asked
 * for maps? VT-d does, but for its scalable mode, in which a function can move
 * to another domain by an invalidation of the PASID cache, which QEMU ignores.
 */
static bool emunic_iommu_known(MemoryRegion *mr)
{
    return object_dynamic_cast(OBJECT(mr), "intel-iommu-iommu-memory-region") &&
           !object_property_get_bool(memory_region_owner(mr),
                                     "x-scalable-mode", NULL);
}

static bool emunic_dma_follow(EmunicFunction *f, MemoryRegion *mr)
{
    EmunicDma *dma = &f->dma;
    int index;

    if (dma->iommu) {
        return dma->iommu == mr;
    }
    if (!emunic_iommu_known(mr)) {
        return false;
    }
    /* The whole region: an invalidation need not respect its sections. */
    index = memory_region_iommu_attrs_to_index(IOMMU_MEMORY_REGION(mr),
                                               DMA_ATTRS);
    iommu_notifier_init(&dma->notifier, emunic_dma_unmap, IOMMU_NOTIFIER_UNMAP,
                        0, HWADDR_MAX, index);
    if (memory_region_register_iommu_notifier(mr, &dma->notifier, NULL)) {
        return false;
    }
    memory_region_ref(mr);
    dma->iommu = mr;
    return true;
}

static void emunic_dma_region_add(MemoryListener *listener,
                                  MemoryRegionSection *section)
{
    EmunicFunction *f = container_of(listener, EmunicFunction, dma.listener);

    if (!memory_region_is_iommu(section->mr)) {
        return;
    }
    if (emunic_dma_follow(f, section->mr)) {
        f->dma.sections++;
    } else {
        f->dma.foreign++;
        emunic_dma_flush(f);
    }
    trace_emunic_dma_iommu(f->vport, f->dma.sections, f->dma.foreign);
}

static void emunic_dma_region_del(MemoryListener *listener,
                                  MemoryRegionSection *section)
{
    EmunicFunction *f = container_of(listener, EmunicFunction, dma.listener);
    EmunicDma *dma = &f->dma;

    if (!memory_region_is_iommu(section->mr)) {
        return;
    }
    emunic_dma_flush(f);
    if (section->mr != dma->iommu) {
        dma->foreign--;
    } else if (--dma->sections == 0) {
        memory_region_unregister_iommu_notifier(dma->iommu, &dma->notifier);
        memory_region_unref(dma->iommu);
        dma->iommu = NULL;
    }
}

static void emunic_dma_commit(MemoryListener *listener)
{
    emunic_dma_flush(container_of(listener, EmunicFunction, dma.listener));
}

static void emunic_dma_attach(EmunicFunction *f)
{
    EmunicDma *dma = &f->dma;

    dma->tlb = g_new0(EmunicTlbEntry, TLB_ENTRIES);
    dma->listener = (MemoryListener) {
        .name = "emunic",
        .region_add = emunic_dma_region_add,
        .region_del = emunic_dma_region_del,
        .commit = emunic_dma_commit,
    };
    memory_listener_register(&dma->listener, pci_get_address_space(f->dev));
}

void emunic_dma_detach(EmunicFunction *f)
{
    EmunicDma *dma = &f->dma;

    if (!dma->tlb) {
        return;
    }
    memory_listener_unregister(&dma->listener);
    g_free(dma->tlb);
    dma->tlb = NULL;
}

/*
 * The page at @page, if it is plain memory as a whole. *@failed: it is no
 * memory or not mapped; there is no use in trying another way.
 */
static EmunicTlbEntry *emunic_tlb_fill(EmunicFunction *f, uint64_t page,
                                       unsigned perm, bool *failed)
{
    EmunicDma *dma = &f->dma;
    bool write = perm == TLB_WRITE;
    EmunicTlbEntry *e;
    hwaddr len = PAGE;
    MemoryRegion *mr;
    ram_addr_t ram;
    hwaddr xlat;
    uint8_t *host;

    mr = address_space_translate(pci_get_address_space(f->dev), page, &xlat,
                                 &len, write, DMA_ATTRS);
    if (!memory_region_is_ram(mr)) {
        *failed = true;
        return NULL;
    }
    if (len < PAGE || !memory_access_is_direct(mr, write, DMA_ATTRS)) {
        return NULL;
    }
    ram = memory_region_get_ram_addr(mr) + xlat;
    if (ram % PAGE) {
        return NULL;
    }
    host = qemu_map_ram_ptr(mr->ram_block, xlat);
    e = emunic_tlb_slot(dma, page);
    if (!emunic_tlb_is(dma, e, page) || e->host != host) {
        e->tag = 0;
    }
    e->tag |= page | dma->generation | perm;
    e->host = host;
    e->mr = mr;
    e->ram = ram | memory_region_get_dirty_log_mask(mr);
    return e;
}

/* What is not in the cache, and all of what must not be kept */
static EmunicTlbEntry *emunic_tlb_miss(EmunicFunction *f, uint64_t page,
                                       unsigned perm, bool *failed)
{
    *failed = false;
    if (!f->dma.tlb) {
        emunic_dma_attach(f);
    }
    if (f->dma.foreign || xen_enabled()) {
        return NULL;
    }
    return emunic_tlb_fill(f, page, perm, failed);
}

static inline EmunicTlbEntry *emunic_tlb_find(EmunicFunction *f,
                                              uint64_t addr, unsigned perm,
                                              bool *failed)
{
    uint64_t page = addr & -(uint64_t)PAGE;
    EmunicDma *dma = &f->dma;

    if (likely(dma->tlb)) {
        EmunicTlbEntry *e = emunic_tlb_slot(dma, page);

        if (likely(emunic_tlb_is(dma, e, page) && (e->tag & perm))) {
            return e;
        }
    }
    return emunic_tlb_miss(f, page, perm, failed);
}

/*
 * Has everybody who keeps a dirty log of the page been told of it already? It
 * stays dirty until its log is read, under the BQL, and what is in it by then
 * counts.
 */
static bool emunic_dma_is_dirty(const EmunicTlbEntry *e)
{
    unsigned bits = qemu_target_page_bits();
    ram_addr_t page = e->ram >> bits;

    if (bits < ctz32(PAGE)) {
        return false;
    }
    for (unsigned logs = e->ram % PAGE; logs; logs &= logs - 1) {
        DirtyMemoryBlocks *map =
            qatomic_rcu_read(&ram_list.dirty_memory[ctz32(logs)]);

        if (!test_bit(page % DIRTY_MEMORY_BLOCK_SIZE,
                      map->blocks[page / DIRTY_MEMORY_BLOCK_SIZE])) {
            return false;
        }
    }
    return true;
}

/* What is written shows up in dirty logs and drops translated guest code. */
static inline void emunic_dma_dirty(EmunicFunction *f, EmunicTlbEntry *e,
                                    uint8_t *host, size_t len)
{
    if (!emunic_dma_is_dirty(e)) {
        memory_region_ref(e->mr);
        address_space_unmap(pci_get_address_space(f->dev), host, len, true,
                            len);
    }
}

static bool emunic_dma_slow(EmunicFunction *f, uint64_t addr, void *buf,
                            size_t len, bool write)
{
    return address_space_rw(pci_get_address_space(f->dev), addr, DMA_ATTRS,
                            buf, len, write) == MEMTX_OK;
}

static bool emunic_dma_fault(EmunicFunction *f, uint64_t addr, size_t len,
                             bool write)
{
    trace_emunic_dma_fault(f->vport, addr, len, write);
    return false;
}

bool emunic_dma_read(EmunicFunction *f, uint64_t addr, void *buf, size_t len)
{
    uint8_t *to = buf;

    while (len) {
        size_t n = MIN(len, PAGE - addr % PAGE);
        EmunicTlbEntry *e;
        bool failed;

        e = emunic_tlb_find(f, addr, TLB_READ, &failed);
        if (e) {
            fuzz_dma_read_cb(addr, n, e->mr);
            memcpy(to, e->host + addr % PAGE, n);
        } else if (failed || !emunic_dma_slow(f, addr, to, n, false)) {
            return emunic_dma_fault(f, addr, n, false);
        }
        addr += n;
        to += n;
        len -= n;
    }
    return true;
}

bool emunic_dma_write(EmunicFunction *f, uint64_t addr, const void *buf,
                      size_t len)
{
    struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };
    EmunicCursor from = { .iov = &iov };

    return emunic_dma_scatter(f, addr, len, &from);
}

/* Copy @len bytes of what @from points at, and move it. */
static void emunic_cursor_read(EmunicCursor *from, uint8_t *to, size_t len)
{
    while (len) {
        size_t n = MIN(len, from->iov->iov_len - from->offset);

        memcpy(to, (uint8_t *)from->iov->iov_base + from->offset, n);
        to += n;
        len -= n;
        from->offset += n;
        if (from->offset == from->iov->iov_len) {
            from->iov++;
            from->offset = 0;
        }
    }
}

/* The next @len bytes of @from, within one page, where there is no way but */
static bool emunic_dma_bounce(EmunicFunction *f, uint64_t addr, size_t len,
                              EmunicCursor *from)
{
    uint8_t bounce[PAGE] QEMU_UNINITIALIZED;

    emunic_cursor_read(from, bounce, len);
    return emunic_dma_slow(f, addr, bounce, len, true);
}

/* Write the next @len bytes of @from; there must be so many. */
bool emunic_dma_scatter(EmunicFunction *f, uint64_t addr, size_t len,
                        EmunicCursor *from)
{
    while (len) {
        size_t n = MIN(len, PAGE - addr % PAGE);
        EmunicTlbEntry *e;
        bool failed;

        e = emunic_tlb_find(f, addr, TLB_WRITE, &failed);
        if (e) {
            uint8_t *host = e->host + addr % PAGE;

            emunic_cursor_read(from, host, n);
            emunic_dma_dirty(f, e, host, n);
        } else if (failed || !emunic_dma_bounce(f, addr, n, from)) {
            return emunic_dma_fault(f, addr, n, true);
        }
        addr += n;
        len -= n;
    }
    return true;
}

/* An entry where it cannot be written in place */
static bool emunic_dma_slow_entry(EmunicFunction *f, uint64_t addr,
                                  const uint8_t *from, size_t len,
                                  size_t last, uint32_t phase)
{
    size_t at = last * sizeof(phase), rest = at + sizeof(phase);
    uint32_t word = ((const uint32_t *)from)[last] | phase;

    if (!emunic_dma_slow(f, addr, (void *)from, at, true) ||
        (rest < len && !emunic_dma_slow(f, addr + rest, (void *)(from + rest),
                                        len - rest, true))) {
        return false;
    }
    /* The entry is there before its phase says so. */
    smp_wmb();
    return emunic_dma_slow(f, addr + at, &word, sizeof(word), true);
}

/*
 * An entry at @to. It goes word by word, as it was made: a load of more than
 * one store wrote would wait for all stores before it.
 */
static inline void emunic_entry_put(uint32_t *to, const uint32_t *from,
                                    size_t words, size_t last, uint32_t phase)
{
    for (size_t i = 0; i < words; i++) {
        if (i != last) {
            to[i] = from[i];
        }
    }
    /* The entry is there before its phase says so. */
    smp_wmb();
    qatomic_set(&to[last], from[last] | phase);
}

/*
 * Write @count ring entries of @len bytes each, one after the other, with
 * @phase added to their 16-bit flags at @flags_at; the 32 bits with the flags
 * are written last. Entries are naturally aligned, so they never cross a page.
 */
bool emunic_dma_write_entries(EmunicFunction *f, uint64_t addr,
                              const void *entries, uint32_t count, size_t len,
                              size_t flags_at, uint16_t phase)
{
    size_t last = flags_at / sizeof(uint32_t);
    uint32_t word = cpu_to_le32((uint32_t)phase << flags_at % 4 * 8);
    const uint8_t *from = entries;

    while (count) {
        uint32_t n = MIN(count, (PAGE - addr % PAGE) / len);
        EmunicTlbEntry *e;
        bool failed;

        e = emunic_tlb_find(f, addr, TLB_WRITE, &failed);
        if (e) {
            uint8_t *to = e->host + addr % PAGE;

            for (uint32_t i = 0; i < n; i++) {
                emunic_entry_put((uint32_t *)(to + i * len),
                                 (const uint32_t *)(from + i * len),
                                 len / sizeof(uint32_t), last, word);
            }
            emunic_dma_dirty(f, e, to, n * len);
        } else {
            n = 1;
            if (failed || !emunic_dma_slow_entry(f, addr, from, len, last,
                                                 word)) {
                return emunic_dma_fault(f, addr, len, true);
            }
        }
        addr += n * len;
        from += n * len;
        count -= n;
    }
    return true;
}

/* @addr will be written soon. */
void emunic_dma_prefetch(EmunicFunction *f, uint64_t addr)
{
    uint64_t page = addr & -(uint64_t)PAGE;
    EmunicDma *dma = &f->dma;

    if (likely(dma->tlb)) {
        EmunicTlbEntry *e = emunic_tlb_slot(dma, page);

        if (emunic_tlb_is(dma, e, page)) {
            __builtin_prefetch(e->host + addr % PAGE, 1);
        }
    }
}

/*
 * Where the @len bytes at @addr are, for reading within this run of the
 * bottom half: pieces of guest memory, or, where that cannot be, of @bounce,
 * which has room for them. Returns the number of pieces, or -1 after a fault.
 * There are at most len / 4096 + 2, and @max is at least that.
 */
int emunic_dma_gather(EmunicFunction *f, uint64_t addr, size_t len,
                      struct iovec *iov, int max, uint8_t *bounce)
{
    int count = 0;

    while (len) {
        size_t n = MIN(len, PAGE - addr % PAGE);
        EmunicTlbEntry *e;
        bool failed;

        if (count == max) {
            return -1;
        }
        e = emunic_tlb_find(f, addr, TLB_READ, &failed);
        if (e) {
            uint8_t *host = e->host + addr % PAGE;

            fuzz_dma_read_cb(addr, n, e->mr);
            if (count && (uint8_t *)iov[count - 1].iov_base +
                         iov[count - 1].iov_len == host) {
                iov[count - 1].iov_len += n;
            } else {
                iov[count++] = (struct iovec) { host, n };
            }
        } else {
            if (failed || !emunic_dma_slow(f, addr, bounce, n, false)) {
                emunic_dma_fault(f, addr, n, false);
                return -1;
            }
            iov[count++] = (struct iovec) { bounce, n };
            bounce += n;
        }
        addr += n;
        len -= n;
    }
    return count;
}
