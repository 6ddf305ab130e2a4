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
  int8_t scores[kCategoryCount];  // kNotComputed where the head is off
};

// Classifies an image of kImageBytes with the heads whose bits are set, and
// computes only what leads to them. Not to be called from several threads or
// interrupts at once.
TfLiteStatus Classify(const uint8_t* image, Mask enabled, Result* result);

// The most bytes of the tensor arena that any part used so far.
size_t ArenaUsedBytes();

}  // namespace tiny_model

#endif  // TINY_CLASSIFIER_H_
