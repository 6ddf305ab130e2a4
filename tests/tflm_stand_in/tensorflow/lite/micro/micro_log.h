// A stand-in for tests, not TFLM's header: see README.md in tflm_stand_in.
#ifndef TFLM_STAND_IN_MICRO_LOG_H_
#define TFLM_STAND_IN_MICRO_LOG_H_

[[gnu::format(printf, 1, 2)]] void MicroPrintf(const char* format, ...);

#endif  // TFLM_STAND_IN_MICRO_LOG_H_
