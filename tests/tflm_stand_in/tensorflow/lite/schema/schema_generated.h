// A stand-in for tests, not TFLM's header: see README.md in tflm_stand_in.
#ifndef TFLM_STAND_IN_SCHEMA_GENERATED_H_
#define TFLM_STAND_IN_SCHEMA_GENERATED_H_

#include <cstdint>

namespace tflite {

// As in TFLM, a model is its flatbuffer, looked at in place.
class Model {
 public:
  uint32_t version() const { return 3; }
};

inline const Model* GetModel(const void* data) {
  return static_cast<const Model*>(data);
}

}  // namespace tflite

#endif  // TFLM_STAND_IN_SCHEMA_GENERATED_H_
