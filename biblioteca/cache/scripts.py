"""Redis scripts: each is one atomic step. Times are Redis's own, in milliseconds."""

TIME = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""

# KEYS: tokens, then marks, of the same resources. Returns the time and, for each resource, its
# token, or false when it has none or a mark stands.
READ = (
    TIME
    + """
local found = {now}
local number = #KEYS / 2
for place = 1, number do
  local token = redis.call('GET', KEYS[place])
  if token and redis.call('ZCOUNT', KEYS[number + place], '(' .. now, '+inf') > 0 then
    token = ':marked'
  end
  found[place + 1] = token
end
return found
"""
)

# KEYS: tokens. ARGV: the new token, and '1' to replace also those that are there. A token that
# cannot be written for lack of memory is deleted.
REPLACE = """
for place, key in ipairs(KEYS) do
  if ARGV[2] == '1' or not redis.call('GET', key) then
    local done = redis.pcall('SET', key, ARGV[1])
    if type(done) == 'table' and done.err then redis.call('DEL', key) end
  end
end
return 1
"""

# KEYS: tokens, then the beginnings of the names of marks. ARGV: new token, mark, for how long it
# stands (0 takes it away). Returns 1, or 0 when the mark or a token could not be written.
# Marks belong to one run of Redis, as tokens do: one that comes back from a snapshot is nobody's.
ANNOUNCE = (
    TIME
    + """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local number = #KEYS / 2
local complete = 1
for place = 1, number do
  local marks = KEYS[number + place] .. ':' .. run
  if ARGV[3] == '0' then
    redis.call('ZREM', marks, ARGV[2])
  else
    redis.call('ZREMRANGEBYSCORE', marks, '-inf', now)
    local done = redis.pcall('ZADD', marks, now + ARGV[3], ARGV[2])
    if type(done) == 'table' and done.err then
      complete = 0
    else
      redis.call('PEXPIRE', marks, ARGV[3])
    end
  end
  local done = redis.pcall('SET', KEYS[place], ARGV[1])
  if type(done) == 'table' and done.err then
    redis.call('DEL', KEYS[place])
    complete = 0
  end
end
return complete
"""
)
