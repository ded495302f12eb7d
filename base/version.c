#include "base/version.h"

const char version_text[] = TWBENCH_VERSION;
const char version_commit[] = TWBENCH_COMMIT;
