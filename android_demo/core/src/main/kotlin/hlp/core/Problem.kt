package hlp.core

/** Something that the person in front of the screen has to know, in their words. */
class Problem(message: String, cause: Throwable? = null) : Exception(message, cause)
