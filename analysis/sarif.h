/*
 * sarif: findings as SARIF 2.1.0, for code scanning of GitHub, GitLab and editors.
 *
 * One run: every rule of the table with its help, every finding with its place.  Fixed findings are
 * left out.  Source: docs.oasis-open.org/sarif/sarif/v2.1.0.
 */
#ifndef TWBENCH_ANALYSIS_SARIF_H
#define TWBENCH_ANALYSIS_SARIF_H

#include <stddef.h>
#include <stdio.h>

struct lint;

void sarif_write(const struct lint *l, FILE *out);

/* A path as a URI: "file://" before an absolute one, bytes that a URI does not take as %XX.
 * Returns buf; what does not fit is cut. */
const char *sarif_uri(const char *path, char *buf, size_t size);

#endif
