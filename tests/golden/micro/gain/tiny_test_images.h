// Made by hlp-export; do not edit.
#ifndef TINY_TEST_IMAGES_H_
#define TINY_TEST_IMAGES_H_

#include <cstdint>

#include "tiny_settings.h"

namespace tiny_model {

constexpr int kTestImageCount = 2;

extern const uint8_t g_test_images[kTestImageCount][kImageBytes];
extern const uint8_t g_test_gains[kTestImageCount][kGainCount];
// What TFLM's reference kernels gave for them on the host.
extern const int8_t g_expected_scores[kTestImageCount][kCategoryCount];

}  // namespace tiny_model

#endif  // TINY_TEST_IMAGES_H_
