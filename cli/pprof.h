/* SPDX-License-Identifier: MIT
 *
 * pprof.h -- the fields of perftools.profiles.Profile that are written and read here, by their numbers.
 */
#ifndef AC_CLI_PPROF_H
#define AC_CLI_PPROF_H

enum { AC_WIRE_VARINT = 0, AC_WIRE_64 = 1, AC_WIRE_BYTES = 2, AC_WIRE_32 = 5 };

enum ac_pprof_profile {
    AC_PPROF_SAMPLE_TYPE = 1,
    AC_PPROF_SAMPLE = 2,
    AC_PPROF_MAPPING = 3,
    AC_PPROF_LOCATION = 4,
    AC_PPROF_FUNCTION = 5,
    AC_PPROF_STRING = 6,
    AC_PPROF_DROP_FRAMES = 7,
    AC_PPROF_TIME = 9,
    AC_PPROF_DURATION = 10,
    AC_PPROF_PERIOD_TYPE = 11,
    AC_PPROF_PERIOD = 12,
    AC_PPROF_COMMENT = 13,
    AC_PPROF_DEFAULT_TYPE = 14
};

enum ac_pprof_value_type { AC_PPROF_TYPE_NAME = 1, AC_PPROF_TYPE_UNIT = 2 };
enum ac_pprof_sample { AC_PPROF_SAMPLE_LOCATION = 1, AC_PPROF_SAMPLE_VALUE = 2 };
enum ac_pprof_mapping {
    AC_PPROF_MAPPING_ID = 1,
    AC_PPROF_MAPPING_START = 2,
    AC_PPROF_MAPPING_LIMIT = 3,
    AC_PPROF_MAPPING_OFFSET = 4,
    AC_PPROF_MAPPING_FILE = 5,
    AC_PPROF_MAPPING_BUILD_ID = 6,
    AC_PPROF_MAPPING_HAS_FUNCTIONS = 7,
    AC_PPROF_MAPPING_HAS_FILES = 8,
    AC_PPROF_MAPPING_HAS_LINES = 9,
    AC_PPROF_MAPPING_HAS_INLINES = 10
};
enum ac_pprof_location {
    AC_PPROF_LOCATION_ID = 1,
    AC_PPROF_LOCATION_MAPPING = 2,
    AC_PPROF_LOCATION_ADDRESS = 3,
    AC_PPROF_LOCATION_LINE = 4
};
enum ac_pprof_line { AC_PPROF_LINE_FUNCTION = 1, AC_PPROF_LINE_NUMBER = 2 };
enum ac_pprof_function {
    AC_PPROF_FUNCTION_ID = 1,
    AC_PPROF_FUNCTION_NAME = 2,
    AC_PPROF_FUNCTION_SYSTEM_NAME = 3,
    AC_PPROF_FUNCTION_FILE = 4
};

#endif
