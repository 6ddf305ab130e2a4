// What a model gave for an input in TFLM.
#ifndef TFLM_STAND_IN_RECORDINGS_H_
#define TFLM_STAND_IN_RECORDINGS_H_

#include <cstddef>
#include <cstdint>

struct Recording {
  const unsigned char* model;
  size_t input_bytes;
  const int8_t* input;
  size_t gain_bytes;  // of a second input, or 0
  const int8_t* gain;
  size_t output_bytes;
  const int8_t* output;
};

extern const Recording kRecordings[];
extern const size_t kRecordingCount;

#endif  // TFLM_STAND_IN_RECORDINGS_H_
