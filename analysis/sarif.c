#include "analysis/sarif.h"

#include <inttypes.h>
#include <string.h>

#include "analysis/lint.h"
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

static void text_member(struct jsonw *w, const char *key, const char *text)
{
	jsonw_key(w, key);
	jsonw_object_flat(w);
	jsonw_key(w, "text");
	jsonw_string(w, text);
	jsonw_object_end(w);
}

static void rule(struct jsonw *w, const struct lint_rule *r)
{
	char help[2048];

	(void)snprintf(help, sizeof(help), "%s\n\nSource: %s.\n\nProve it: %s", r->kernel,
		       r->source, r->prove);
	jsonw_object(w);
	jsonw_key(w, "id");
	jsonw_string(w, r->id);
	jsonw_key(w, "name");
	jsonw_string(w, r->name);
	text_member(w, "shortDescription", r->summary);
	text_member(w, "fullDescription", r->kernel);
	text_member(w, "help", help);
	jsonw_key(w, "defaultConfiguration");
	jsonw_object_flat(w);
	jsonw_key(w, "level");
	jsonw_string(w, lint_severity_name(r->severity));
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void driver(struct jsonw *w)
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
	for (size_t i = 0; i < lint_rule_count; i++)
		rule(w, &lint_rules[i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
	jsonw_object_end(w);
}

static void place(struct jsonw *w, const char *path, int line)
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

/* Stable over lines that move: the rule and what it found, not where. */
static void fingerprint(struct jsonw *w, const struct lint_finding *f)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
	const char *parts[] = { f->rule->id, f->line ? f->line->key : "",
				f->line && f->line->value ? f->line->value : "" };
	char text[24];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (const char *p = parts[i];; p++) {
			hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
			if (!*p)
				break;
		}
	(void)snprintf(text, sizeof(text), "%016" PRIx64, hash);
	jsonw_key(w, "partialFingerprints");
	jsonw_object_flat(w);
	jsonw_key(w, "twbenchSetting/v1");
	jsonw_string(w, text);
	jsonw_object_end(w);
}

static void result(struct jsonw *w, const struct lint_finding *f)
{
	jsonw_object(w);
	jsonw_key(w, "ruleId");
	jsonw_string(w, f->rule->id);
	jsonw_key(w, "ruleIndex");
	jsonw_int(w, f->rule - lint_rules);
	jsonw_key(w, "level");
	jsonw_string(w, lint_severity_name(f->rule->severity));
	text_member(w, "message", f->detail);
	jsonw_key(w, "locations");
	jsonw_array(w);
	jsonw_object(w);
	place(w, f->file->path, f->line ? f->line->number : 1);
	jsonw_object_end(w);
	jsonw_array_end(w);
	if (f->other) {
		jsonw_key(w, "relatedLocations");
		jsonw_array(w);
		jsonw_object(w);
		jsonw_key(w, "id");
		jsonw_int(w, 1);
		place(w, f->other->file->path, f->other->number);
		jsonw_object_end(w);
		jsonw_array_end(w);
	}
	fingerprint(w, f);
	jsonw_object_end(w);
}

void sarif_write(const struct lint *l, FILE *out)
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
	driver(&w);
	jsonw_key(&w, "results");
	jsonw_array(&w);
	for (size_t i = 0; i < l->count; i++)
		if (!l->finding[i].fixed)
			result(&w, &l->finding[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	jsonw_end(&w);
}
