// Made by hlp-export; do not edit.
//
// Classifies the test images and compares the scores with those of the host.
#include <cstring>

#include "tensorflow/lite/micro/micro_log.h"
#include "tensorflow/lite/micro/system_setup.h"
#include "tiny_classifier.h"
#include "tiny_test_images.h"

int main() {
  using namespace tiny_model;
  tflite::InitializeTarget();
  int failures = 0;
  for (int i = 0; i < kTestImageCount; ++i) {
    Result result;
    if (Classify(g_test_images[i], g_test_gains[i], &result) != kTfLiteOk) {
      MicroPrintf("image %d could not be classified", i);
      return 1;
    }
    const bool same = std::memcmp(result.scores, g_expected_scores[i],
                                  sizeof(result.scores)) == 0;
    failures += same ? 0 : 1;
    MicroPrintf("image %d: %s, score %d, %s", i,
                kCategoryLabels[result.category],
                static_cast<int>(result.score),
                same ? "as on the host" : "NOT AS ON THE HOST");
  }
  MicroPrintf("tensor arena: %d of %d bytes used",
              static_cast<int>(ArenaUsedBytes()), kTensorArenaSize);
  if (failures != 0) {
    MicroPrintf("%d of %d images differ", failures, kTestImageCount);
    return 1;
  }
  MicroPrintf("~~~ALL TESTS PASSED~~~");
  return 0;
}
