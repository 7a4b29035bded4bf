%% What process_info says of a process that hibernates, and bignums among characters.
-module(proc_hibernated).
-export([main/0,back/0]).
main() -> P = spawn(fun() -> erlang:hibernate(?MODULE, back, []) end), timer:sleep(50),
  io:format("~p~n", [[process_info(P, I) || I <- [current_function, status, stack_size,current_stacktrace, message_queue_len]]]),
  P ! x, timer:sleep(20), io:format("~p~n", [process_info(P, current_function)]),
  io:format("~p~n", [catch unicode:characters_to_list(["a", 1 bsl 64 | "b"])]),
  io:format("~p~n", [catch unicode:characters_to_binary(["a", -(1 bsl 64) | "b"])]).
back() -> receive y -> ok end.
