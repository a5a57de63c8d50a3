/* SPDX-License-Identifier: MIT
 *
 * malloc_info.c -- malloc_info(0, f) writes a well-formed XML document <malloc version="..."> to every kind
 * of stream, also one whose buffer comes from malloc; options other than 0 are EINVAL and write nothing.
 */
#include <expat.h>
#include <malloc.h>

#include "support/family.h"

struct outline {
    int depth;
    int elements;
    char root[32];
    bool has_version;
};

static void on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct outline *outline = data;
    outline->elements++;
    if (outline->depth++ > 0)
        return;
    snprintf(outline->root, sizeof outline->root, "%s", name);
    for (; *attributes; attributes += 2)
        outline->has_version |= strcmp(attributes[0], "version") == 0 && attributes[1][0] != '\0';
}

static void on_end(void *data, const XML_Char *name)
{
    (void)name;
    ((struct outline *)data)->depth--;
}

static void check_document(const char *text, size_t length)
{
    struct outline outline = {0};
    XML_Parser parser = XML_ParserCreate(NULL);
    CHECK(parser);
    XML_SetUserData(parser, &outline);
    XML_SetElementHandler(parser, on_start, on_end);
    enum XML_Status status = XML_Parse(parser, text, (int)length, 1);
    CHECK_CASE("line %lu: %s", XML_GetCurrentLineNumber(parser), XML_ErrorString(XML_GetErrorCode(parser)));
    CHECK_EQ(status, XML_STATUS_OK);
    XML_ParserFree(parser);
    CHECK_CASE("root <%s>, %d elements", outline.root, outline.elements);
    CHECK(strcmp(outline.root, "malloc") == 0);
    CHECK(outline.has_version);
    CHECK(outline.elements > 1);
    CHECK_EQ(text[length - 1], '\n');
}

static void to_memory_stream(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    CHECK(stream);
    CHECK_EQ(malloc_info(0, stream), 0);
    CHECK_EQ(fclose(stream), 0);
    check_document(text, length);
    free(text);
}

/* A file with the default buffer, with a tiny one and with none. */
static void to_file(int mode, size_t buffer_bytes)
{
    static char text[1 << 20];
    FILE *stream = tmpfile();
    CHECK(stream);
    CHECK_EQ(setvbuf(stream, NULL, mode, buffer_bytes), 0);
    CHECK_EQ(malloc_info(0, stream), 0);
    rewind(stream);
    size_t length = fread(text, 1, sizeof text, stream);
    CHECK(length < sizeof text);
    CHECK_EQ(fclose(stream), 0);
    check_document(text, length);
}

/* The stream's writer allocates itself: a lock held over the write would deadlock here. */
static ssize_t allocating_writer(void *cookie, const char *bytes, size_t length)
{
    void *blocks[40];
    FILE *target = cookie;
    for (size_t i = 0; i < 40; i++)
        blocks[i] = malloc(i * 1000 + 1);
    (void)malloc_trim(0);
    for (size_t i = 0; i < 40; i++)
        free(blocks[i]);
    return (ssize_t)fwrite(bytes, 1, length, target);
}

static void to_allocating_stream(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *target = open_memstream(&text, &length);
    FILE *stream = fopencookie(target, "w", (cookie_io_functions_t){.write = allocating_writer});
    CHECK(target && stream);
    setvbuf(stream, NULL, _IONBF, 0);
    CHECK_EQ(malloc_info(0, stream), 0);
    CHECK_EQ(fclose(stream), 0);
    CHECK_EQ(fclose(target), 0);
    check_document(text, length);
    free(text);
}

static void other_options(void)
{
    static const int options[] = {1, 2, -1, 1 << 30};
    for (size_t i = 0; i < 4; i++) {
        char *text = NULL;
        size_t length = 0;
        FILE *stream = open_memstream(&text, &length);
        CHECK_CASE("options %d", options[i]);
        CHECK_EQ(malloc_info(options[i], stream), EINVAL);
        CHECK_EQ(fclose(stream), 0);
        CHECK_EQ(length, 0);
        free(text);
    }
}

int main(void)
{
    to_memory_stream();
    to_file(_IOFBF, 4096);
    to_file(_IOFBF, 16);
    to_file(_IOLBF, 4096);
    to_file(_IONBF, 0);
    to_allocating_stream();
    other_options();
    return 0;
}
