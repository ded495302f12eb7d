#include "bench/hostinfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The first line of `path` that starts with `start`, from after it; trimmed; NULL if none. */
static char *line_of(const char *path, const char *start)
{
	FILE *in = fopen(path, "re");
	char *line = NULL, *found = NULL;
	size_t size = 0;

	while (in && !found && getline(&line, &size, in) > 0) {
		char *from = line + strlen(start);

		if (strncmp(line, start, strlen(start)) != 0)
			continue;
		from += strspn(from, " \t:=\"");
		from[strcspn(from, "\"\n")] = '\0';
		found = strdup(from);
	}
	free(line);
	if (in)
		(void)fclose(in); /* only read */
	return found;
}

static void set(char **to, char *text)
{
	free(*to);
	*to = text;
}

static char *virtualization(void)
{
	char *flags = line_of("/proc/cpuinfo", "flags");
	char *vendor = line_of("/sys/class/dmi/id/sys_vendor", "");
	char *text = NULL;

	if (flags && strstr(flags, " hypervisor"))
		text = vendor ? strdup(vendor) : strdup("virtual machine");
	else if (flags)
		text = strdup("none");
	free(flags);
	free(vendor);
	return text;
}

void hostinfo_read(struct record_host *ret, int64_t config_hz)
{
	struct utsname u;
	struct sysinfo memory;

	if (uname(&u) == 0) {
		set(&ret->kernel_release, strdup(u.release));
		set(&ret->kernel_version, strdup(u.version));
		set(&ret->arch, strdup(u.machine));
	}
	set(&ret->cmdline, line_of("/proc/cmdline", ""));
	set(&ret->cpu_model, line_of("/proc/cpuinfo", "model name"));
	set(&ret->clocksource,
	    line_of("/sys/devices/system/clocksource/clocksource0/current_clocksource", ""));
	set(&ret->distribution, line_of("/etc/os-release", "PRETTY_NAME"));
	set(&ret->virt, virtualization());
	ret->config_hz = config_hz > 0 ? config_hz : RECORD_NONE;
	ret->cpus_online = sysconf(_SC_NPROCESSORS_ONLN);
	if (sysinfo(&memory) == 0)
		ret->mem_total_bytes = (int64_t)memory.totalram * memory.mem_unit;
}
