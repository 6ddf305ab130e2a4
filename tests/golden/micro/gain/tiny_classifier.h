// Made by hlp-export; do not edit.
#ifndef TINY_CLASSIFIER_H_
#define TINY_CLASSIFIER_H_

#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/c/common.h"
#include "tiny_settings.h"

namespace tiny_model {

struct Result {
  int category;  // of the highest score: a position in kCategoryLabels
  int8_t score;  // of that category
  int8_t scores[kCategoryCount];
};

// Classifies an image of kImageBytes. The first call prepares the model. Not
// to be called from several threads or interrupts at once.
// The gain has kGainCount factors; nullptr stands for a neutral one.
TfLiteStatus Classify(const uint8_t* image, const uint8_t* gain,
                      Result* result);

// The bytes of the tensor arena that are in use; 0 before the first call.
size_t ArenaUsedBytes();

}  // namespace tiny_model

#endif  // TINY_CLASSIFIER_H_
