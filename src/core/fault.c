/* SPDX-License-Identifier: MIT */
#include "core/fault.h"

#include "base/fmt.h"
#include "core/option.h"
#include "os/os.h"

static const char *const fault_text[AC_FAULT_COUNT] = {
#define AC_FAULT(id, text) text,
#include "core/fault.def"
#undef AC_FAULT
};

#define MAX_CALLS 12u

static void add_detail(struct ac_fmt *f, const char *before, const char *text)
{
    if (f->buf[f->len - 1] != '(')
        ac_fmt_str(f, ", ");
    ac_fmt_str(f, before);
    ac_fmt_str(f, text);
}

static void add_number(struct ac_fmt *f, const char *before, size_t n, const char *behind)
{
    add_detail(f, before, "");
    ac_fmt_dec(f, n);
    ac_fmt_str(f, behind);
}

static void add_calls(struct ac_fmt *f, const uintptr_t *calls, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        ac_fmt_char(f, ' ');
        ac_fmt_hex(f, calls[i]);
    }
}

static void add_stack(struct ac_fmt *f, const struct ac_os_access *access)
{
    uintptr_t calls[MAX_CALLS] = {access != NULL ? access->pc : 0};
    unsigned first = access != NULL ? 1 : 0;
    unsigned n = first + ac_os_stack(access != NULL ? access->sp : 0, calls + first, MAX_CALLS - first);
    if (n != 0)
        add_detail(f, "stack", "");
    add_calls(f, calls, n);
}

static void write_out(struct ac_fmt *f)
{
    f->buf[f->len++] = '\n';
    ac_os_write(2, f->buf, f->len);
}

static AC_COLD void write_line(enum ac_fault fault, const void *addr, uint32_t size_class_bytes,
                               size_t size_bytes, const char *note, const struct ac_os_access *access)
{
    char line[640];
    struct ac_fmt f = {line, sizeof line - 2, 0};
    ac_fmt_str(&f, "acre: ");
    if (access != NULL) {
        ac_fmt_str(&f, access->kind);
        ac_fmt_char(&f, ' ');
    }
    ac_fmt_str(&f, fault_text[fault]);
    ac_fmt_char(&f, ' ');
    ac_fmt_hex(&f, (uintptr_t)addr);
    ac_fmt_str(&f, " (");
    if (size_class_bytes != 0)
        add_number(&f, "size class ", size_class_bytes, "");
    if (size_bytes != AC_FAULT_NO_SIZE)
        add_number(&f, "", size_bytes, " bytes asked for");
    if (note != NULL)
        add_detail(&f, note, "");
    uint32_t thread = ac_os_thread_id();
    if (thread != 0)
        add_number(&f, "thread ", thread, "");
    add_stack(&f, access);
    line[f.len++] = ')';
    write_out(&f);
}

static AC_NORETURN void end_process(void)
{
    if (ac_option_value[AC_OPTION_on_error] == AC_ACTION_TRAP)
        ac_os_trap();
    ac_os_abort();
}

AC_COLD void ac_fault_raise(enum ac_fault fault, const void *addr, uint32_t size_class_bytes,
                            const char *note)
{
    write_line(fault, addr, size_class_bytes, AC_FAULT_NO_SIZE, note, NULL);
    end_process();
}

AC_COLD void ac_fault_report(enum ac_fault fault, const void *addr, uint32_t size_class_bytes,
                             size_t size_bytes, const char *note)
{
    write_line(fault, addr, size_class_bytes, size_bytes, note, NULL);
    ac_fault_end();
}

AC_COLD void ac_fault_tell(enum ac_fault fault, const void *addr, size_t size_bytes, const char *note,
                           const struct ac_os_access *access)
{
    write_line(fault, addr, 0, size_bytes, note, access);
}

void ac_fault_end(void)
{
    if (ac_option_value[AC_OPTION_on_error] != AC_ACTION_REPORT)
        end_process();
}

AC_COLD void ac_fault_trace(const char *what, const struct ac_fault_trace *trace)
{
    char line[512];
    struct ac_fmt f = {line, sizeof line - 1, 0};
    ac_fmt_str(&f, "acre:   ");
    ac_fmt_str(&f, what);
    ac_fmt_str(&f, " by thread ");
    ac_fmt_dec(&f, trace->thread);
    ac_fmt_str(&f, ", stack");
    add_calls(&f, trace->calls, trace->ncalls);
    write_out(&f);
}

void ac_fault_trace_here(struct ac_fault_trace *out_trace)
{
    out_trace->thread = ac_os_thread_id();
    out_trace->ncalls = ac_os_unwind(out_trace->calls, AC_FAULT_TRACE_CALLS);
}
