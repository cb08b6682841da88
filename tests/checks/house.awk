# Knows the plan of src/: which folders ("rooms") there are, and which other rooms' headers each may
# include. It tells what breaks the plan. Its input comes from house.sh: for each file a line "FILE path
# lines", and for each of its includes a line "INCLUDE path included".
#
# A source and its header are one unit, named without .c or .h. A unit that includes another unit's header
# needs that unit; its room then needs the other's room.

BEGIN {
  # The rooms, the lowest first, and the rooms whose headers each may include besides its own.
  allow("os", "")
  allow("counters", "")
  allow("budget", "counters")
  allow("pages", "os counters budget")
  allow("slabs", "os counters budget pages")
  allow("heap", "os counters budget pages slabs")
  allow("hosting", "os counters budget pages slabs heap")
  allow("reader", "os counters budget pages slabs heap hosting")
  allow("pe", "")
  allow("redirect", "os counters budget pages slabs heap hosting pe")
  allow("dll", "hosting")
  allow("board", "")
  allow("census", "board")
  allow("agent", "census board")
  allow("base", "")
  allow("report", "board base")
  allow("run/launch", "pe base")
  allow("run/host", "run/launch agent board pe base")
  allow("run/snapshot", "census report board base")
  allow("run/watch", "run/launch run/snapshot report board pe base")
  allow("run/top", "run/snapshot report board base")
  allow("run", "run/launch run/watch base")
  most_files = 27
  most_lines = 400
}

function allow(room, below,    rooms, count, i) {
  is_room[room] = 1
  count = split(below, rooms, " ")
  for (i = 1; i <= count; i++) may_use[room, rooms[i]] = 1
}

# The longest name of a room that the path begins with: run/launch/coreclr belongs to the room run/launch.
function room_of(path,    room, at) {
  room = path
  while ((at = last_slash(room)) > 0) {
    room = substr(room, 1, at - 1)
    if (room in is_room) return room
  }
  return ""
}

function last_slash(path,    at) {
  for (at = length(path); at > 0 && substr(path, at, 1) != "/"; at--) continue
  return at
}

function folder_of(path) { return substr(path, 1, last_slash(path) - 1) }

function unit_of(path) { sub(/\.[ch]$/, "", path); return path }

function complain(what) { print what; failed = 1 }

$1 == "FILE" {
  files[++count] = $2
  is_file[$2] = 1
  in_folder[folder_of($2)]++
  if ($3 > most_lines) complain("src/" $2 " has " $3 " lines, and may have " most_lines)
}

$1 == "INCLUDE" { from[++includes] = $2; to[includes] = $3 }

# Visits all units that a unit needs. A unit that is met while its own visit is still going on closes a
# circle.
function follow(unit, trail,    needs, number, i) {
  state[unit] = "open"
  number = split(needed[unit], needs, " ")
  for (i = 1; i <= number; i++) {
    if (state[needs[i]] == "open")
      complain("a circle of files: " substr(trail " " unit, index(trail " " unit " ", " " needs[i] " ") + 1) \
        " " needs[i])
    else if (state[needs[i]] == "") follow(needs[i], trail " " unit)
  }
  state[unit] = "done"
}

END {
  if (count == 0) complain("there are no sources")
  for (folder in in_folder)
    if (in_folder[folder] > most_files)
      complain("src/" folder " holds " in_folder[folder] " files, and may hold " most_files)
  for (i = 1; i <= count; i++)
    if (room_of(files[i]) == "") complain("src/" files[i] " is in no room that house.awk knows")
  for (i = 1; i <= includes; i++) {
    target = to[i]
    # Beside the includer, or from src/.
    if (!(target in is_file)) target = folder_of(from[i]) "/" to[i]
    if (!(target in is_file)) {
      complain("src/" from[i] " includes \"" to[i] "\", which is not in src")
      continue
    }
    room = room_of(from[i])
    below = room_of(target)
    if (room != below && !((room, below) in may_use))
      complain("src/" from[i] " may not include \"" to[i] "\": no arrow points from " room " to " below)
    unit = unit_of(from[i])
    other = unit_of(target)
    if (unit != other && index(" " needed[unit] " ", " " other " ") == 0)
      needed[unit] = needed[unit] " " other
  }
  for (i = 1; i <= count; i++) if (state[unit_of(files[i])] == "") follow(unit_of(files[i]), "")
  if (!failed) printf "%d files stand as the plan of the house has them\n", count
  exit failed
}
