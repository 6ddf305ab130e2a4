// A stand-in for tests, not TFLM's header: see README.md in tflm_stand_in.
#ifndef TFLM_STAND_IN_MICRO_INTERPRETER_H_
#define TFLM_STAND_IN_MICRO_INTERPRETER_H_

#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

#define TFLITE_SCHEMA_VERSION (3)

namespace tflite {

class MicroInterpreter {
 public:
  MicroInterpreter(const Model* model, const MicroOpResolver& op_resolver,
                   uint8_t* tensor_arena, size_t tensor_arena_size);

  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
  TfLiteTensor* input(size_t index);
  TfLiteTensor* output(size_t index);
  size_t arena_used_bytes() const;

 private:
  const Model* model_;
  const MicroOpResolver& op_resolver_;
  uint8_t* arena_;
  size_t arena_size_;
  TfLiteTensor inputs_[2] = {};
  TfLiteTensor output_ = {};
};

}  // namespace tflite

#endif  // TFLM_STAND_IN_MICRO_INTERPRETER_H_
