// Made by hlp-export; do not edit.
#include "tiny_classifier.h"

#include <algorithm>
#include <cstring>

#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_log.h"
#include "tensorflow/lite/schema/schema_generated.h"
#include "tiny_model_data.h"
#include "tiny_op_resolver.h"

namespace tiny_model {
namespace {

alignas(16) uint8_t tensor_arena[kTensorArenaSize];
size_t arena_used_bytes = 0;

// Gives nullptr when the model cannot be used.
tflite::MicroInterpreter* GetInterpreter() {
  static const tflite::Model* const model =
      tflite::GetModel(g_tiny_model_data);
  if (model->version() != TFLITE_SCHEMA_VERSION) {
    MicroPrintf("tiny: the schema is of version %d instead of %d",
                static_cast<int>(model->version()), TFLITE_SCHEMA_VERSION);
    return nullptr;
  }
  static const auto resolver = get_resolver();
  static tflite::MicroInterpreter interpreter(model, resolver, tensor_arena,
                                              kTensorArenaSize);
  static const TfLiteStatus status = interpreter.AllocateTensors();
  if (status != kTfLiteOk) {
    MicroPrintf("tiny: kTensorArenaSize is too small, or an operator "
                "is missing");
    return nullptr;
  }
  arena_used_bytes = interpreter.arena_used_bytes();
  return &interpreter;
}

}  // namespace

TfLiteStatus Classify(const uint8_t* image, const uint8_t* gain,
                      Result* result) {
  tflite::MicroInterpreter* const interpreter = GetInterpreter();
  if (interpreter == nullptr) {
    return kTfLiteError;
  }
  int8_t* const input = interpreter->input(0)->data.int8;
  for (int i = 0; i < kImageBytes; ++i) {
    input[i] = static_cast<int8_t>(image[i] + kInputZeroPoint);
  }
  // Anew for every image: TFLM may use the memory of an input for other things.
  int8_t* const factors = interpreter->input(1)->data.int8;
  for (int i = 0; i < kGainCount; ++i) {
    const int factor = gain != nullptr ? gain[i] : kNeutralGain;
    factors[i] = static_cast<int8_t>(factor - kNeutralGain);
  }
  const TfLiteStatus status = interpreter->Invoke();
  if (status != kTfLiteOk) {
    return status;
  }
  std::memcpy(result->scores, interpreter->output(0)->data.int8,
              sizeof(result->scores));
  const int8_t* const best =
      std::max_element(result->scores, result->scores + kCategoryCount);
  result->category = static_cast<int>(best - result->scores);
  result->score = *best;
  return kTfLiteOk;
}

size_t ArenaUsedBytes() { return arena_used_bytes; }

}  // namespace tiny_model
