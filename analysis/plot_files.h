/* plot_files: what every graph needs of the file system and of gnuplot.  Private to analysis/. */
#ifndef TWBENCH_ANALYSIS_PLOT_FILES_H
#define TWBENCH_ANALYSIS_PLOT_FILES_H

#include <stdio.h>

struct err;

/* Make a directory and those above it.  Returns 0 or negative errno with *err. */
int plot_make_dirs(const char *dir, struct err *err);

/* Create `name` in `dirfd`; NULL with *err. */
FILE *plot_create(int dirfd, const char *name, struct err *err);

/* Close `f`; all that went wrong since it was opened is an error now. */
int plot_finish(FILE *f, const char *name, struct err *err);

/* Copy analysis/plots/PART.gp.  -ENOENT: it is not in this program. */
int plot_write_part(const char *part, FILE *out);

/* Draw GRAPH.FORMAT by GRAPH.gp under a temporary name and put it in place when it is whole. */
int plot_draw(const char *graph, const char *format, int dirfd, struct err *err);

#endif
