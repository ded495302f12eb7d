/* The digest against the vectors of FIPS 180-4's companion (CSRC examples) and every padding length. */
#include "base/sha256.h"

#include "tests/guard.h"
#include "tests/test.h"

static void check(const char *bytes, size_t size, const char *want, const char *what)
{
	char text[SHA256_TEXT_SIZE];
	struct guard g;
	const uint8_t *p = guard_copy(&g, bytes, size);

	is_str(sha256_text(p, size, text), want, "%s", what);
	guard_free(&g);
}

int main(void)
{
	static char million[1000000];
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	check("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	      "no bytes");
	check("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc");
	check(two_blocks, strlen(two_blocks),
	      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", "two blocks");
	memset(million, 'a', sizeof(million));
	check(million, sizeof(million),
	      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", "a million 'a'");
	check(million, 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318",
	      "55 bytes: padding fits");
	check(million, 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a",
	      "56 bytes: padding needs another block");
	check(million, 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb",
	      "64 bytes: a whole block");
	return test_done();
}
