/* SPDX-License-Identifier: MIT */
#include "core/fault.h"

#include "base/fmt.h"
#include "os/os.h"

static const char *const fault_text[AC_FAULT_COUNT] = {
#define AC_FAULT(id, text) text,
#include "core/fault.def"
#undef AC_FAULT
};

AC_COLD void ac_fault_raise(enum ac_fault fault, const void *addr, uint32_t size_class_bytes,
                            const char *note)
{
    char line[256];
    struct ac_fmt f = {line, sizeof line - 1, 0};
    ac_fmt_str(&f, "acre: ");
    ac_fmt_str(&f, fault_text[fault]);
    ac_fmt_char(&f, ' ');
    ac_fmt_hex(&f, (uintptr_t)addr);
    ac_fmt_str(&f, " (");
    if (size_class_bytes != 0) {
        ac_fmt_str(&f, "size class ");
        ac_fmt_dec(&f, size_class_bytes);
        if (note != NULL)
            ac_fmt_str(&f, ", ");
    }
    if (note != NULL)
        ac_fmt_str(&f, note);
    ac_fmt_char(&f, ')');
    line[f.len++] = '\n';
    ac_os_write(2, line, f.len);
    ac_os_abort();
}
