/*
 * The fuzz corpora as an ordinary test: each file of fixtures/corpus/<target>/, and prefixes of a
 * short one, go to its fuzz target from memory that ends at an unmapped page: all of them in the long
 * run, else some 24 of each file, not the same ones of all.
 *
 * A new target wants three lines and a row: its name, its function, how its .c is taken in.
 */
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

#include "tests/guard.h"
#include "tests/test.h"

#define LLVMFuzzerTestOneInput classify_entry
#include "tests/fuzz/classify_fuzz.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput counters_entry
#include "tests/fuzz/counters_fuzz.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput diag_entry
#include "tests/fuzz/diag_fuzz.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput expect_entry
#include "tests/fuzz/expect_fuzz.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput flow_entry
#include "tests/fuzz/flow_fuzz.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput json_entry
#include "tests/fuzz/json_fuzz.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput pcap_entry
#include "tests/fuzz/pcap_fuzz.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput record_entry
#include "tests/fuzz/record_fuzz.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput scenario_entry
#include "tests/fuzz/scenario_fuzz.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput segment_entry
#include "tests/fuzz/segment_fuzz.c"
#undef LLVMFuzzerTestOneInput

#define LLVMFuzzerTestOneInput sysctlconf_entry
#include "tests/fuzz/sysctlconf_fuzz.c"
#undef LLVMFuzzerTestOneInput

static const struct target {
	const char *name;
	int (*run)(const uint8_t *data, size_t size);
} targets[] = {
	{ "classify", classify_entry },
	{ "counters", counters_entry },
	{ "diag", diag_entry },
	{ "expect", expect_entry },
	{ "flow", flow_entry },
	{ "json", json_entry },
	{ "pcap", pcap_entry },
	{ "record", record_entry },
	{ "scenario", scenario_entry },
	{ "segment", segment_entry },
	{ "sysctlconf", sysctlconf_entry },
};

#define TARGET_COUNT (sizeof(targets) / sizeof(targets[0]))
#define PREFIX_MAX   1024 /* bytes: of longer files only the whole is tried */

static bool replay_file(const struct target *t, const char *path, size_t number)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *data = NULL;
	bool done = false;
	struct guard g;
	struct stat st;
	size_t size = 0, step;

	if (fd < 0 || fstat(fd, &st) < 0)
		goto out;
	size = (size_t)st.st_size;
	data = malloc(size + 1);
	if (!data || read(fd, data, size) != (ssize_t)size)
		goto out;
	guard_open(&g, size);
	(void)t->run(guard_put(&g, data, size), size); /* a fault ends the program */
	step = test_whole() ? 1 : 1 + size / 24;
	for (size_t cut = number % step; size <= PREFIX_MAX && cut < size; cut += step)
		(void)t->run(guard_put(&g, data, cut), cut);
	guard_free(&g);
	done = true;
out:
	free(data);
	if (fd >= 0)
		(void)close(fd); /* only read from */
	return done;
}

static void replay_target(const struct target *t)
{
	char pattern[256];
	glob_t found = { 0 };

	(void)snprintf(pattern, sizeof(pattern), "fixtures/corpus/%s/*", t->name);
	(void)glob(pattern, 0, NULL, &found); /* none found leaves no paths */
	ok(found.gl_pathc > 0, "%s has a corpus", t->name);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		/* Printed before, so that a crash names its input. */
		printf("# %s\n", found.gl_pathv[i]);
		fflush(stdout);
		ok(replay_file(t, found.gl_pathv[i], i), "%s", found.gl_pathv[i]);
	}
	globfree(&found);
}

static void test_all_have_rows(void)
{
	glob_t found = { 0 };

	(void)glob("tests/fuzz/*_fuzz.c", 0, NULL, &found); /* as above */
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *name = strrchr(found.gl_pathv[i], '/') + 1;
		size_t length = strlen(name) - strlen("_fuzz.c");
		bool listed = false;

		for (size_t k = 0; k < TARGET_COUNT; k++)
			listed = listed || (strlen(targets[k].name) == length &&
					    strncmp(targets[k].name, name, length) == 0);
		ok(listed, "%s has a row in tests/corpus_test.c", found.gl_pathv[i]);
	}
	ok(found.gl_pathc >= TARGET_COUNT, "the fuzz targets were found (run from the root)");
	globfree(&found);
}

int main(void)
{
	for (size_t i = 0; i < TARGET_COUNT; i++)
		replay_target(&targets[i]);
	test_all_have_rows();
	return test_done();
}
