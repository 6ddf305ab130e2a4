// Made by hlp-export; do not edit.
#ifndef TINY_BRANCH_ANIMAL_MODEL_DATA_H_
#define TINY_BRANCH_ANIMAL_MODEL_DATA_H_

extern const unsigned int g_tiny_branch_animal_model_data_size;
extern const unsigned char g_tiny_branch_animal_model_data[];

#endif  // TINY_BRANCH_ANIMAL_MODEL_DATA_H_
