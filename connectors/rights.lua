#!lua
-- Which calls the user may not make. Runs none of them, so its keys are named as arguments.
--
-- ARGV       for each call: number of its words, then the words
-- Answers the commands, as `HGET`, that are refused.
local refused = {}
local at = 1
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  if not redis.acl_check_cmd(unpack(ARGV, at + 1, at + words)) then
    refused[#refused + 1] = ARGV[at + 1]
  end
  at = at + words + 1
end
return refused
