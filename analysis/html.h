/*
 * html: text and pictures into an HTML page, so that nothing in a record can become markup.
 */
#ifndef TWBENCH_ANALYSIS_HTML_H
#define TWBENCH_ANALYSIS_HTML_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Escaped for text and for quoted attributes; control characters and malformed UTF-8 become '?'. */
void html_text(FILE *out, const char *s);

/* printf, then as html_text(); cut at 1,023 bytes. */
void html_textf(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * An SVG file that gnuplot made, for use within a page: without its XML head; every id gets `prefix`, so that
 * several in one page do not clash; the colours of the light theme become var(--g-ROLE), so that
 * they follow the reader's light or dark setting; `label` is its name for screen readers.
 */
void html_svg(FILE *out, const char *svg, size_t size, const char *prefix, const char *label);

#endif
