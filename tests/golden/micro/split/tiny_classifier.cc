// Made by hlp-export; do not edit.
#include "tiny_classifier.h"

#include <algorithm>
#include <cstring>

#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_log.h"
#include "tensorflow/lite/schema/schema_generated.h"
#include "tiny_trunk_model_data.h"
#include "tiny_branch_animal_model_data.h"
#include "tiny_head_animal_model_data.h"
#include "tiny_head_vehicle_model_data.h"
#include "tiny_op_resolver.h"

namespace tiny_model {
namespace {

// One arena serves all parts in turn. What a part leaves to others is kept in
// `features`, where each level of the tree has its place.
alignas(16) uint8_t tensor_arena[kTensorArenaSize];
int8_t features[kFeatureBytes];
size_t arena_used_bytes = 0;

struct Part {
  const unsigned char* model_data;
  Mask heads;           // those that it is or leads to
  const int8_t* input;  // nullptr for the image
  size_t input_bytes;
  int8_t* output;  // nullptr for the scores
  size_t output_bytes;
  const int* positions;  // of its logits in the scores
};

// Where the logits belong in the scores, head by head.
constexpr int kPositions[kCategoryCount] = {
    2, 0, 1,
};

// Parents come first, and all below a part before the next one beside it.
constexpr Part kParts[] = {
    {g_tiny_trunk_model_data,
     0x3,
     nullptr,
     108,
     features + 0,
     36,
     nullptr},
    {g_tiny_branch_animal_model_data,
     0x1,
     features + 0,
     36,
     features + 36,
     54,
     nullptr},
    {g_tiny_head_animal_model_data,
     0x1,
     features + 36,
     54,
     nullptr,
     2,
     kPositions + 0},
    {g_tiny_head_vehicle_model_data,
     0x2,
     features + 0,
     36,
     nullptr,
     1,
     kPositions + 2},
};

void ReadInput(const Part& part, const uint8_t* image, int8_t* input) {
  if (part.input != nullptr) {
    std::memcpy(input, part.input, part.input_bytes);
    return;
  }
  for (int i = 0; i < kImageBytes; ++i) {
    input[i] = static_cast<int8_t>(image[i] + kInputZeroPoint);
  }
}

void WriteOutput(const Part& part, const int8_t* output, int8_t* scores) {
  if (part.output != nullptr) {
    std::memcpy(part.output, output, part.output_bytes);
    return;
  }
  for (size_t i = 0; i < part.output_bytes; ++i) {
    scores[part.positions[i]] = output[i];
  }
}

TfLiteStatus Run(const Part& part, const uint8_t* image, int8_t* scores) {
  const tflite::Model* const model = tflite::GetModel(part.model_data);
  if (model->version() != TFLITE_SCHEMA_VERSION) {
    MicroPrintf("tiny: the schema is of version %d instead of %d",
                static_cast<int>(model->version()), TFLITE_SCHEMA_VERSION);
    return kTfLiteError;
  }
  static const auto resolver = get_resolver();
  // It ends with the part, so that the arena is free for the next one.
  tflite::MicroInterpreter interpreter(model, resolver, tensor_arena,
                                       kTensorArenaSize);
  if (interpreter.AllocateTensors() != kTfLiteOk) {
    MicroPrintf("tiny: kTensorArenaSize is too small, or an operator "
                "is missing");
    return kTfLiteError;
  }
  arena_used_bytes =
      std::max(arena_used_bytes, interpreter.arena_used_bytes());
  TfLiteTensor* const input = interpreter.input(0);
  TfLiteTensor* const output = interpreter.output(0);
  if (input->bytes != part.input_bytes || output->bytes != part.output_bytes) {
    MicroPrintf("tiny: a part is not the one that was exported");
    return kTfLiteError;
  }
  ReadInput(part, image, input->data.int8);
  const TfLiteStatus status = interpreter.Invoke();
  if (status == kTfLiteOk) {
    WriteOutput(part, output->data.int8, scores);
  }
  return status;
}

}  // namespace

TfLiteStatus Classify(const uint8_t* image, Mask enabled, Result* result) {
  if ((enabled & kEverything) == 0) {
    MicroPrintf("tiny: no head is switched on");
    return kTfLiteError;
  }
  std::fill_n(result->scores, kCategoryCount, kNotComputed);
  for (const Part& part : kParts) {
    if ((part.heads & enabled) == 0) {
      continue;
    }
    const TfLiteStatus status = Run(part, image, result->scores);
    if (status != kTfLiteOk) {
      return status;
    }
  }
  result->category = -1;
  for (int i = 0; i < kCategoryCount; ++i) {
    if ((kCategoryHeads[i] & enabled) != 0 &&
        (result->category < 0 || result->scores[i] > result->score)) {
      result->category = i;
      result->score = result->scores[i];
    }
  }
  return kTfLiteOk;
}

size_t ArenaUsedBytes() { return arena_used_bytes; }

}  // namespace tiny_model
