#include "analysis/sarif.h"

#include <string.h>

#include "base/json.h"
#include "base/version.h"

#define SCHEMA                                                                                     \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"                      \
	"sarif-schema-2.1.0.json"

const char *sarif_uri(const char *path, char *buf, size_t size)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._~/!$&'()*+,;=@";
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	if (path[0] == '/')
		n = (size_t)snprintf(buf, size, "file://");
	for (; *path && n + 4 < size; path++) {
		unsigned char c = (unsigned char)*path;

		if (strchr(plain, c)) {
			buf[n++] = (char)c;
		} else {
			buf[n++] = '%';
			buf[n++] = hex[c >> 4];
			buf[n++] = hex[c & 15];
		}
	}
	buf[n] = '\0';
	return buf;
}

void sarif_text(struct jsonw *w, const char *key, const char *text)
{
	jsonw_key(w, key);
	jsonw_object_flat(w);
	jsonw_key(w, "text");
	jsonw_string(w, text);
	jsonw_object_end(w);
}

void sarif_place(struct jsonw *w, const char *path, int line)
{
	char uri[1024];

	jsonw_key(w, "physicalLocation");
	jsonw_object(w);
	jsonw_key(w, "artifactLocation");
	jsonw_object_flat(w);
	jsonw_key(w, "uri");
	jsonw_string(w, sarif_uri(path, uri, sizeof(uri)));
	jsonw_object_end(w);
	jsonw_key(w, "region");
	jsonw_object_flat(w);
	jsonw_key(w, "startLine");
	jsonw_int(w, line);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void driver(struct jsonw *w, sarif_list *rules, const void *of)
{
	jsonw_key(w, "tool");
	jsonw_object(w);
	jsonw_key(w, "driver");
	jsonw_object(w);
	jsonw_key(w, "name");
	jsonw_string(w, "twbench");
	jsonw_key(w, "version");
	jsonw_string(w, version_text);
	jsonw_key(w, "rules");
	jsonw_array(w);
	rules(w, of);
	jsonw_array_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

void sarif_log(sarif_list *rules, sarif_list *results, const void *of, FILE *out)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_key(&w, "$schema");
	jsonw_string(&w, SCHEMA);
	jsonw_key(&w, "version");
	jsonw_string(&w, "2.1.0");
	jsonw_key(&w, "runs");
	jsonw_array(&w);
	jsonw_object(&w);
	driver(&w, rules, of);
	jsonw_key(&w, "results");
	jsonw_array(&w);
	results(&w, of);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_end(&w);
}
