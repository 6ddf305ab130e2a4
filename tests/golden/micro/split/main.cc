// Made by hlp-export; do not edit.
//
// Classifies the test images, first with everything switched on and then with
// one head at a time, and compares the scores with those of the host.
#include "tensorflow/lite/micro/micro_log.h"
#include "tensorflow/lite/micro/system_setup.h"
#include "tiny_classifier.h"
#include "tiny_test_images.h"

namespace {

using namespace tiny_model;

bool AsExpected(const Result& result, int image, Mask enabled) {
  for (int i = 0; i < kCategoryCount; ++i) {
    const int8_t expected = (kCategoryHeads[i] & enabled) != 0
                                ? g_expected_scores[image][i]
                                : kNotComputed;
    if (result.scores[i] != expected) {
      return false;
    }
  }
  return true;
}

// Gives whether the scores are those of the host.
bool Check(int image, Mask enabled, const char* what, int head) {
  Result result;
  if (Classify(g_test_images[image], enabled, &result) != kTfLiteOk) {
    MicroPrintf("image %d could not be classified", image);
    return false;
  }
  const bool same = AsExpected(result, image, enabled);
  MicroPrintf("image %d, %s %d: %s, score %d, %s", image, what, head,
              kCategoryLabels[result.category],
              static_cast<int>(result.score),
              same ? "as on the host" : "NOT AS ON THE HOST");
  return same;
}

}  // namespace

int main() {
  tflite::InitializeTarget();
  int failures = 0;
  for (int image = 0; image < kTestImageCount; ++image) {
    failures += Check(image, kEverything, "heads", kHeadCount) ? 0 : 1;
    for (int head = 0; head < kHeadCount; ++head) {
      failures += Check(image, Mask{1} << head, "head", head) ? 0 : 1;
    }
  }
  MicroPrintf("tensor arena: %d of %d bytes used",
              static_cast<int>(ArenaUsedBytes()), kTensorArenaSize);
  if (failures != 0) {
    MicroPrintf("%d results differ", failures);
    return 1;
  }
  MicroPrintf("~~~ALL TESTS PASSED~~~");
  return 0;
}
