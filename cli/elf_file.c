/* SPDX-License-Identifier: MIT
 *
 * elf_file.c -- reads the ELF headers of a program. The file may be damaged or hostile: every offset is
 * checked.
 */
#include "elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    const unsigned char *bytes;
    uint64_t size;
};

static bool image_copy(const struct image *image, uint64_t offset, void *out, uint64_t length)
{
    if (offset > image->size || length > image->size - offset)
        return false;
    memcpy(out, image->bytes + offset, length);
    return true;
}

/* The string at offset, cut to the buffer; "" when it lies outside the file. */
static void image_string(const struct image *image, uint64_t offset, char out[AC_ELF_NAME_BYTES])
{
    uint64_t length = offset < image->size ? image->size - offset : 0;
    if (length > AC_ELF_NAME_BYTES - 1)
        length = AC_ELF_NAME_BYTES - 1;
    if (length > 0)
        memcpy(out, image->bytes + offset, length);
    out[length] = '\0';
}

static bool program_header(const struct image *image, const ElfW(Ehdr) * header, unsigned i, ElfW(Phdr) * out)
{
    return image_copy(image, header->e_phoff + (uint64_t)i * header->e_phentsize, out, sizeof(*out));
}

/* The first program header of a type. */
static bool find_segment(const struct image *image, const ElfW(Ehdr) * header, uint32_t type,
                         ElfW(Phdr) * out)
{
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (program_header(image, header, i, out) && out->p_type == type)
            return true;
    }
    return false;
}

/* Where in the file an address of the running program comes from; beyond every file when nowhere. */
static uint64_t file_offset(const struct image *image, const ElfW(Ehdr) * header, uint64_t address)
{
    ElfW(Phdr) load;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (!program_header(image, header, i, &load) || load.p_type != PT_LOAD)
            continue;
        if (address >= load.p_vaddr && address - load.p_vaddr < load.p_filesz)
            return load.p_offset + (address - load.p_vaddr);
    }
    return UINT64_MAX;
}

static void remember_if_prefixed(const char *soname, const char *const *prefixes, char out[AC_ELF_NAME_BYTES])
{
    for (; *prefixes; prefixes++) {
        if (strncmp(soname, *prefixes, strlen(*prefixes)) == 0)
            memcpy(out, soname, strlen(soname) + 1);
    }
}

/* The i-th entry of the dynamic section; false behind its last and behind the end of the file. */
static bool dynamic_entry(const struct image *image, const ElfW(Phdr) * dynamic, uint64_t i, ElfW(Dyn) * out)
{
    return i < dynamic->p_filesz / sizeof(*out) &&
           image_copy(image, dynamic->p_offset + i * sizeof(*out), out, sizeof(*out)) &&
           out->d_tag != DT_NULL;
}

static void read_needed(const struct image *image, const ElfW(Ehdr) * header, struct ac_elf *out)
{
    static const char *const allocators[] = {"libjemalloc",        "libtcmalloc",     "libmimalloc",
                                             "libtbbmalloc_proxy", "libsnmallocshim", "librpmalloc",
                                             "libhardened_malloc", "libscudo",        NULL};
    static const char *const sanitizers[] = {"libasan",   "libtsan",      "libmsan", "liblsan",
                                             "libhwasan", "libclang_rt.", NULL};
    ElfW(Phdr) dynamic;
    if (!find_segment(image, header, PT_DYNAMIC, &dynamic))
        return;
    ElfW(Dyn) entry;
    uint64_t strings = UINT64_MAX;
    for (uint64_t i = 0; dynamic_entry(image, &dynamic, i, &entry); i++) {
        if (entry.d_tag == DT_STRTAB)
            strings = file_offset(image, header, entry.d_un.d_ptr);
    }
    for (uint64_t i = 0; strings != UINT64_MAX && dynamic_entry(image, &dynamic, i, &entry); i++) {
        char soname[AC_ELF_NAME_BYTES];
        if (entry.d_tag != DT_NEEDED)
            continue;
        image_string(image, strings + entry.d_un.d_val, soname);
        remember_if_prefixed(soname, allocators, out->allocator);
        remember_if_prefixed(soname, sanitizers, out->sanitizer);
    }
}

static bool section_header(const struct image *image, const ElfW(Ehdr) * header, unsigned i, ElfW(Shdr) * out)
{
    return image_copy(image, header->e_shoff + (uint64_t)i * header->e_shentsize, out, sizeof(*out));
}

static bool find_in_section(const struct image *image, const ElfW(Ehdr) * header, const ElfW(Shdr) * symbols,
                            const char *wanted, ElfW(Sym) * out)
{
    ElfW(Shdr) strings;
    if (!section_header(image, header, symbols->sh_link, &strings))
        return false;
    for (uint64_t i = 0; i < symbols->sh_size / sizeof(*out); i++) {
        char name[AC_ELF_NAME_BYTES];
        if (!image_copy(image, symbols->sh_offset + i * sizeof(*out), out, sizeof(*out)))
            return false;
        if (out->st_shndx == SHN_UNDEF)
            continue;
        image_string(image, strings.sh_offset + out->st_name, name);
        if (strcmp(name, wanted) == 0)
            return true;
    }
    return false;
}

/* A symbol that is defined in the table of this type: SHT_DYNSYM, what is exported, or SHT_SYMTAB, all. */
static bool find_symbol(const struct image *image, const ElfW(Ehdr) * header, uint32_t table,
                        const char *name, ElfW(Sym) * out)
{
    ElfW(Shdr) section;
    for (unsigned i = 0; i < header->e_shnum && section_header(image, header, i, &section); i++) {
        if (section.sh_type == table)
            return find_in_section(image, header, &section, name, out);
    }
    return false;
}

static bool is_go(const struct image *image, const ElfW(Ehdr) * header)
{
    ElfW(Phdr) notes;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        ElfW(Nhdr) note;
        char owner[4];
        if (!program_header(image, header, i, &notes) || notes.p_type != PT_NOTE)
            continue;
        if (!image_copy(image, notes.p_offset, &note, sizeof(note)) || note.n_namesz != sizeof(owner))
            continue;
        if (image_copy(image, notes.p_offset + sizeof(note), owner, sizeof(owner)) &&
            memcmp(owner, "Go\0\0", 4) == 0)
            return true;
    }
    return false;
}

static void read_native(const struct image *image, struct ac_elf *out)
{
    ElfW(Ehdr) header;
    ElfW(Phdr) loader;
    if (!image_copy(image, 0, &header, sizeof(header)))
        return;
    out->is_executable = header.e_type == ET_EXEC || header.e_type == ET_DYN;
    if (find_segment(image, &header, PT_INTERP, &loader))
        image_string(image, loader.p_offset, out->loader);
    out->is_go = is_go(image, &header);
    ElfW(Sym) symbol;
    out->defines_malloc = find_symbol(image, &header, SHT_DYNSYM, "malloc", &symbol);
    read_needed(image, &header, out);
}

static void read_image(const struct image *image, struct ac_elf *out)
{
    /* The identification and e_machine lie at the same place in both classes. */
    Elf32_Ehdr header;
    const ElfW(Half) probe = 1;
    if (!image_copy(image, 0, &header, sizeof(header)) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return;
    out->is_elf = true;
    out->class_id = header.e_ident[EI_CLASS];
    out->data_id = header.e_ident[EI_DATA];
    out->machine = header.e_machine;
    uint8_t native_data = *(const unsigned char *)&probe == 1 ? ELFDATA2LSB : ELFDATA2MSB;
    uint8_t native_class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
    if (out->data_id != native_data)
        out->machine = (uint16_t)(header.e_machine << 8 | header.e_machine >> 8);
    else if (out->class_id == native_class)
        read_native(image, out);
}

/* Maps a file, empty when it is no regular one. False with errno. */
static bool open_image(const char *path, struct image *out)
{
    *out = (struct image){NULL, 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    struct stat info;
    bool readable = fstat(fd, &info) == 0;
    if (readable && S_ISREG(info.st_mode) && info.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        readable = bytes != MAP_FAILED;
        if (readable)
            *out = (struct image){bytes, (uint64_t)info.st_size};
    }
    close(fd);
    return readable;
}

static void close_image(const struct image *image)
{
    if (image->size > 0)
        munmap((void *)(uintptr_t)image->bytes, image->size);
}

bool ac_elf_read(const char *path, struct ac_elf *out_elf)
{
    struct image image;
    memset(out_elf, 0, sizeof(*out_elf));
    if (!open_image(path, &image))
        return false;
    read_image(&image, out_elf);
    close_image(&image);
    return true;
}

/* The address that the loader writes into the word at `place`, by the relocations; else what stands there. */
static uint64_t pointer_at(const struct image *image, const ElfW(Ehdr) * header, uint64_t place)
{
    ElfW(Shdr) section;
    ElfW(Rela) entry;
    uint64_t word = 0;
    image_copy(image, file_offset(image, header, place), &word, sizeof(word));
    for (unsigned i = 0; i < header->e_shnum && section_header(image, header, i, &section); i++) {
        for (uint64_t j = 0; section.sh_type == SHT_RELA && j < section.sh_size / sizeof(entry); j++) {
            if (!image_copy(image, section.sh_offset + j * sizeof(entry), &entry, sizeof(entry)))
                break;
            /* Without a symbol: relative to where the file is loaded. */
            if (entry.r_offset == place && ELF64_R_SYM(entry.r_info) == 0)
                word = (uint64_t)entry.r_addend;
        }
    }
    return word;
}

static bool find_variable(const struct image *image, const ElfW(Ehdr) * header, const char *name,
                          ElfW(Sym) * out)
{
    return find_symbol(image, header, SHT_DYNSYM, name, out) ||
           (find_symbol(image, header, SHT_SYMTAB, "acre_malloc", out) &&
            find_symbol(image, header, SHT_SYMTAB, name, out));
}

bool ac_elf_read_text(const char *path, const char *symbol, char *out, size_t out_bytes)
{
    struct image image;
    struct ac_elf elf;
    ElfW(Ehdr) header;
    ElfW(Sym) variable;
    char text[AC_ELF_NAME_BYTES];
    if (!ac_elf_read(path, &elf) || !elf.is_executable || !open_image(path, &image))
        return false;
    bool found =
        image_copy(&image, 0, &header, sizeof(header)) && find_variable(&image, &header, symbol, &variable);
    uint64_t at = found ? file_offset(&image, &header, pointer_at(&image, &header, variable.st_value)) : 0;
    found = found && at < image.size;
    if (found) {
        image_string(&image, at, text);
        snprintf(out, out_bytes, "%s", text);
    }
    close_image(&image);
    return found;
}

const char *ac_elf_machine_name(const struct ac_elf *elf)
{
    static const struct {
        uint16_t machine;
        const char *name;
    } names[] = {
        {EM_386, "32-bit x86"},
        {EM_ARM, "32-bit ARM"},
        {EM_AARCH64, "aarch64"},
        {EM_RISCV, "RISC-V"},
        {EM_PPC64, "64-bit PowerPC"},
        {EM_PPC, "32-bit PowerPC"},
        {EM_S390, "s390"},
        {EM_MIPS, "MIPS"},
        {EM_SPARCV9, "64-bit SPARC"},
        {EM_LOONGARCH, "LoongArch"},
    };
    if (elf->machine == EM_X86_64)
        return elf->class_id == ELFCLASS32 ? "x32 (32-bit pointers on x86-64)" : "x86-64";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].machine == elf->machine)
            return names[i].name;
    }
    return elf->class_id == ELFCLASS32 ? "unknown 32-bit machine" : "unknown machine";
}
