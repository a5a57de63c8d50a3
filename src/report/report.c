/* SPDX-License-Identifier: MIT */
#include "report/report.h"

#include "base/bits.h"
#include "os/os.h"

#define REPORT_BYTES ac_align_up(sizeof(struct ac_report), 65536)

struct ac_report *ac_report_begin(void)
{
    struct ac_report *r = ac_os_map(0, REPORT_BYTES);
    if (r == NULL)
        return NULL;
    ac_snapshot_take(&r->snapshot);
    r->text.buf = r->buffer;
    r->text.cap = sizeof r->buffer - 1;
    return r;
}

void ac_report_end(struct ac_report *r)
{
    ac_os_unmap(r, REPORT_BYTES);
}
