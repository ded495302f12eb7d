/*
 * sarif: a log of SARIF 2.1.0, for code scanning of GitHub, GitLab and editors: one run of twbench, its
 * rules and its results.  Source: docs.oasis-open.org/sarif/sarif/v2.1.0.
 */
#ifndef TWBENCH_ANALYSIS_SARIF_H
#define TWBENCH_ANALYSIS_SARIF_H

#include <stddef.h>
#include <stdio.h>

struct jsonw;

/* Write the elements of an array, of what `of` points to. */
typedef void sarif_list(struct jsonw *w, const void *of);

void sarif_log(sarif_list *rules, sarif_list *results, const void *of, FILE *out);

/* "KEY": { "text": TEXT } */
void sarif_text(struct jsonw *w, const char *key, const char *text);

/* "physicalLocation": the first character of a line of a file. */
void sarif_place(struct jsonw *w, const char *path, int line);

/* A path as a URI: "file://" before an absolute one, bytes that a URI does not take as %XX.
 * Returns buf; what does not fit is cut. */
const char *sarif_uri(const char *path, char *buf, size_t size);

#endif
