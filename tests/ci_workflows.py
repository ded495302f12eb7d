"""Is each file of fixtures/ci what its runner takes?  Checks the part of their formats that they use; what is
beyond that is refused, so that a misspelt key is found.  And that a planted fault is found.
Sources: docs.github.com, "Workflow syntax for GitHub Actions"; docs.gitlab.com, "CI/CD YAML syntax reference"."""
import copy
import sys

import jsonschema
import yaml


def obj(required, **members):
    return {"type": "object", "required": required, "properties": members, "additionalProperties": False}


text = {"type": "string", "minLength": 1}
texts = {"type": "array", "minItems": 1, "items": text}
# A major version at least: a branch could change under whoever copied the file.
action = {"type": "string", "pattern": r"^[a-z0-9-]+(/[a-z0-9-]+)+@v[0-9]+(\.[0-9]+)*$"}
values = {"type": "object", "additionalProperties": {"type": "string"}}
access = {"enum": ["read", "write", "none"]}
step_uses = obj(["uses"], uses=action, name=text, **{"if": text, "with": values})
step_runs = obj(["name", "run"], name=text, run=text, env=values, **{"if": text})
github = obj(["name", "on", "permissions", "jobs"], name=text,
    on={"type": "array", "minItems": 1, "items": {"enum": ["push", "pull_request", "workflow_dispatch"]}},
    permissions={**obj(["contents"]), "properties": {"contents": {"const": "read"}, "security-events": access, "actions": access}},
    jobs={"type": "object", "minProperties": 1, "additionalProperties": obj(["runs-on", "steps"], steps={
        "type": "array", "minItems": 1, "items": {"oneOf": [step_uses, step_runs]}}, **{"runs-on": {"const": "ubuntu-latest"}})})

job = obj(["stage", "script", "artifacts"],
    stage={"enum": [".pre", "build", "test", "deploy", ".post"]},  # those there are without `stages`
    image=text, script=texts, before_script=texts, after_script=texts,
    rules={"type": "array", "minItems": 1, "items": obj([], when=text, changes=texts, **{"if": text})},
    allow_failure={"oneOf": [{"type": "boolean"}, obj(["exit_codes"], exit_codes={"oneOf": [
        {"type": "integer", "minimum": 1}, {"type": "array", "items": {"type": "integer", "minimum": 1}}]})]},
    artifacts=obj(["reports"], when={"enum": ["on_success", "on_failure", "always"]}, paths=texts, expire_in=text,
        reports=obj(["junit"], junit=text, metrics=text)))
gitlab = {"type": "object", "minProperties": 1, "additionalProperties": job}


def load(path):
    with open(path, encoding="utf-8") as f:
        return yaml.safe_load(f)


def valid(form, document):
    # YAML 1.1 reads the key "on" as true; GitHub reads it as it stands.
    document = {"on" if k is True else k: v for k, v in document.items()}
    return not list(jsonschema.Draft7Validator(form).iter_errors(document))


def spoilt(document, change):
    other = copy.deepcopy(document)
    change(other)
    return other


count = 0


def say(passed, name):
    global count
    count += 1
    print("ok" if passed else "not ok", count, "-", name)
    return passed


def check(form, document, name, faults):
    fine = say(valid(form, document), name + " is a workflow")
    for what, change in faults.items():
        fine &= say(not valid(form, spoilt(document, change)), f"{name}: {what} would be found")
    return fine


actions, lab = (load(f"fixtures/ci/{f}.yml") for f in ("github-actions", "gitlab-ci"))
steps = actions["jobs"]["tuning"]["steps"]
passed = [
    check(github, actions, "github-actions.yml", {
        "an action of a branch": lambda d: d["jobs"]["tuning"]["steps"][0].update(uses="actions/checkout@main"),
        "a step that does nothing": lambda d: d["jobs"]["tuning"]["steps"][1].pop("run"),
        "a step that does two things": lambda d: d["jobs"]["tuning"]["steps"][1].update(uses="actions/checkout@v5"),
        "a misspelt key": lambda d: d["jobs"]["tuning"].update({"run-on": d["jobs"]["tuning"].pop("runs-on")}),
        "no permissions": lambda d: d.pop("permissions"),
        "a token that may write": lambda d: d["permissions"].update(contents="write"),
        "no steps": lambda d: d["jobs"]["tuning"].update(steps=[]),
    }),
    check(gitlab, lab, "gitlab-ci.yml", {
        "a stage that is none": lambda d: d["tuning"].update(stage="tests"),
        "no script": lambda d: d["tuning"].pop("script"),
        "a command that is none": lambda d: d["tuning"]["script"].append({"twbench": "doctor"}),
        "no JUnit report": lambda d: d["tuning"]["artifacts"]["reports"].pop("junit"),
        "a misspelt report": lambda d: d["tuning"]["artifacts"]["reports"].update(metric="x"),
        "a failure that is 0": lambda d: d["tuning"]["allow_failure"].update(exit_codes=0),
        "an artifact for always": lambda d: d["tuning"]["artifacts"].update(when="alway"),
    }),
    say(lab["tuning"]["artifacts"]["reports"]["junit"].split("/")[0] + "/" in lab["tuning"]["artifacts"]["paths"],
        "gitlab-ci.yml uploads the report it names"),
    say("security-events" in actions["permissions"] and any("upload-sarif@" in s.get("uses", "") for s in steps),
        "github-actions.yml may upload its SARIF"),
    say(all(any("always()" == s.get("if") for s in steps if s.get("uses", "").startswith(u) or s.get("name") == u)
            for u in ("Report", "github/codeql-action/upload-sarif", "actions/upload-artifact")),
        "what failed is reported, too"),
]
print(f"1..{count}")
sys.exit(0 if all(passed) else 1)
