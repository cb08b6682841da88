# Reads lists of mutations (tools/mutate.sh says what they look like) of the sources under ROOT.
#
#   awk -v root=ROOT -f plant.awk LIST...                  one line each: name|file|tests
#   awk -v root=ROOT -v wanted=NAME -f plant.awk LIST...   that one's file as it is once it is planted
#
# Tells, on standard error, of each that cannot be planted: its old text must stand exactly once. The list
# holds the others; the exit code is then 1.

# Where `key: value` stands; else the empty string.
function value_of(line, key) {
  return index(line, key ": ") == 1 ? substr(line, length(key) + 3) : ""
}

function complain(what) {
  printf "%s: %s\n", name, what > "/dev/stderr"
  failed = 1
}

function read_all(path,    text, line) {
  while ((getline line < path) > 0) text = text line "\n"
  close(path)
  return text
}

function times_in(text, part,    count, at) {
  while ((at = index(text, part)) > 0) {
    count++
    text = substr(text, at + 1)
  }
  return count + 0
}

# The file as it is once the mutation is planted; empty if it cannot be.
function planted(    text, at, count) {
  text = read_all(root "/" file)
  count = times_in(text, old)
  if (count != 1) {
    complain("its old text stands " count " times in " file)
    return ""
  }
  at = index(text, old)
  return substr(text, 1, at - 1) new substr(text, at + length(old))
}

function end_of_mutation(    text) {
  if (name == "" || file == "" || tests == "" || old == "" || old == new) complain("it is not complete")
  if (name in known) complain("there are two of that name")
  known[name] = 1
  if (wanted != "" && wanted != name) return
  text = planted()
  if (text == "") return
  if (wanted == "") print name "|" file "|" tests
  else printf "%s", text
}

state == "" && /^(#.*)?$/ { next }

state == "" {
  if (value_of($0, "mutation") != "") {
    name = value_of($0, "mutation")
    file = tests = old = new = ""
  }
  else if (value_of($0, "file") != "") file = value_of($0, "file")
  else if (value_of($0, "test") != "") tests = value_of($0, "test")
  else if ($0 == "old:") state = "old"
  else complain("what is \"" $0 "\"?")
  next
}

state == "old" && $0 == "new:" { state = "new"; next }
state == "old" { old = old (old == "" ? "" : "\n") $0; next }

state == "new" && $0 == "end" { state = ""; end_of_mutation(); next }
state == "new" { new = new (new == "" ? "" : "\n") $0; next }

END {
  if (state != "") complain("it does not end")
  if (wanted != "" && !(wanted in known)) {
    name = wanted
    complain("there is no such mutation")
  }
  exit failed
}
