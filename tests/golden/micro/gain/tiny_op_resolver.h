// Made by hlp-export; do not edit.
#ifndef TINY_OP_RESOLVER_H_
#define TINY_OP_RESOLVER_H_

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

namespace tiny_model {

constexpr int kNumberOperators = 8;

inline tflite::MicroMutableOpResolver<kNumberOperators> get_resolver() {
  tflite::MicroMutableOpResolver<kNumberOperators> resolver;
  resolver.AddConcatenation();
  resolver.AddConv2D();
  resolver.AddFullyConnected();
  resolver.AddGather();
  resolver.AddMean();
  resolver.AddMul();
  resolver.AddReshape();
  resolver.AddStridedSlice();
  return resolver;
}

}  // namespace tiny_model

#endif  // TINY_OP_RESOLVER_H_
