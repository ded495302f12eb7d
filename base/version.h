/* version: what was built.  Set by the Makefile. */
#ifndef TWBENCH_BASE_VERSION_H
#define TWBENCH_BASE_VERSION_H

extern const char version_text[];   /* "0.1.0" */
extern const char version_commit[]; /* "1a2b3c4d5e6f", "-dirty" after it if so; "" outside git */

#endif
