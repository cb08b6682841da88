# Reads lists of mutations; says what is in them, or plants one.
#
#   awk -f plant.awk LIST...                         one line each: name|file|tests
#   awk -v wanted=NAME -v source=FILE -f plant.awk LIST...   FILE, with that mutation, to the output
#
# A mutation is planted only where its old text stands exactly once; else the exit code is 1.

# Where `key: value` stands; else the empty string.
function value_of(line, key) {
  return index(line, key ": ") == 1 ? substr(line, length(key) + 3) : ""
}

function complain(what) {
  printf "%s: %s\n", name, what > "/dev/stderr"
  failed = 1
}

function times_in(text, part,    count, at) {
  while ((at = index(text, part)) > 0) {
    count++
    text = substr(text, at + 1)
  }
  return count + 0
}

# The text as it is in a file, which `old` and `new` hold without the last end of line.
function plant(    text, line, at, count) {
  while ((getline line < source) > 0) text = text line "\n"
  count = times_in(text, old)
  if (count != 1) {
    complain("its old text stands " count " times in " file)
    return
  }
  at = index(text, old)
  printf "%s%s%s", substr(text, 1, at - 1), new, substr(text, at + length(old))
}

state == "" && /^(#.*)?$/ { next }

state == "" {
  if (value_of($0, "mutation") != "") { name = value_of($0, "mutation"); file = tests = old = new = "" }
  else if (value_of($0, "file") != "") file = value_of($0, "file")
  else if (value_of($0, "test") != "") tests = value_of($0, "test")
  else if ($0 == "old:") state = "old"
  else { complain("what is \"" $0 "\"?"); exit }
  next
}

state == "old" && $0 == "new:" { state = "new"; next }
state == "old" { old = old (old == "" ? "" : "\n") $0; next }

state == "new" && $0 == "end" {
  state = ""
  if (name == "" || file == "" || tests == "" || old == "" || old == new) complain("it is not complete")
  if (wanted == "") print name "|" file "|" tests
  else if (wanted == name) { found = 1; plant() }
  next
}
state == "new" { new = new (new == "" ? "" : "\n") $0; next }

END {
  if (state != "") complain("it does not end")
  if (wanted != "" && !found) { name = wanted; complain("there is no such mutation") }
  exit failed
}
