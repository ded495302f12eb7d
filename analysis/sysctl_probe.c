#include "analysis/sysctl_probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "analysis/sysctl_keys.h"
#include "base/err.h"

#define ROOT "/proc/sys/"

void sysctl_probe_running(struct sysctl_probe *p)
{
	struct utsname u;

	*p = (struct sysctl_probe){ .kind = PROBE_NONE };
	if (uname(&u) < 0 || access(ROOT "net/ipv4/tcp_fin_timeout", F_OK) != 0)
		return; /* no /proc/sys here: every key would seem to lack */
	p->kind = PROBE_RUNNING;
	(void)snprintf(p->name, sizeof(p->name), "%.32s %.64s", u.sysname, u.release);
}

static int add_key(struct sysctl_probe *p, const char *word, struct err *err)
{
	char **grown = realloc(p->key, (p->count + 1) * sizeof(*grown));
	size_t size = strlen(word) + 1;

	if (!grown)
		return err_set(err, -ENOMEM, "out of memory");
	p->key = grown;
	grown[p->count] = malloc(size);
	if (!grown[p->count])
		return err_set(err, -ENOMEM, "out of memory");
	sysctl_key_canonical(word, grown[p->count++], size);
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int sysctl_probe_load(struct sysctl_probe *p, const char *path, struct err *err)
{
	char *line = NULL;
	size_t room = 0;
	int r = 0;
	FILE *in;

	*p = (struct sysctl_probe){ .kind = PROBE_LIST };
	(void)snprintf(p->name, sizeof(p->name), "'%.100s'", path);
	in = fopen(path, "re");
	if (!in)
		return err_set(err, -EINVAL, "cannot open '%.128s': %s", path, strerror(errno));
	while (r == 0 && getline(&line, &room, in) > 0) {
		line[strcspn(line, " \t=\r\n")] = '\0';
		if (line[0] != '\0' && line[0] != '#' && line[strlen(line) - 1] != ':')
			r = add_key(p, line, err);
	}
	if (r == 0 && ferror(in))
		r = err_set(err, -EINVAL, "cannot read '%.128s'", path);
	if (r == 0 && p->count == 0)
		r = err_set(err, -EINVAL, "'%.128s' lists no key", path);
	if (r == 0)
		qsort(p->key, p->count, sizeof(*p->key), compare_keys);
	free(line);
	(void)fclose(in); /* only read from */
	if (r < 0)
		sysctl_probe_release(p);
	return r;
}

static enum probe_answer ask_running(const char *key)
{
	char path[256];
	int n = snprintf(path, sizeof(path), ROOT "%s", key);

	if (n < 0 || (size_t)n >= sizeof(path))
		return PROBE_UNKNOWN;
	for (char *c = path + strlen(ROOT); *c; c++)
		*c = (char)(*c == '.' ? '/' : *c == '/' ? '.' : *c);
	if (strstr(path, "/.."))
		return PROBE_LACKS; /* never leave /proc/sys */
	if (access(path, F_OK) == 0)
		return PROBE_HAS;
	return errno == ENOENT || errno == ENOTDIR ? PROBE_LACKS : PROBE_UNKNOWN;
}

enum probe_answer sysctl_probe_ask(const struct sysctl_probe *p, const char *key)
{
	if (!p || p->kind == PROBE_NONE || strpbrk(key, "*?["))
		return PROBE_UNKNOWN;
	if (p->kind == PROBE_RUNNING)
		return ask_running(key);
	return bsearch(&key, p->key, p->count, sizeof(*p->key), compare_keys) ? PROBE_HAS
									      : PROBE_LACKS;
}

void sysctl_probe_release(struct sysctl_probe *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++)
		free(p->key[i]);
	free(p->key);
	*p = (struct sysctl_probe){ .kind = PROBE_NONE };
}
