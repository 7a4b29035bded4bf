%% Standard input and output without a shell.
-module(streams).
-export([main/0]).

main() ->
    io:format("~p~n", [io:get_line("one? ")]),
    io:format("~p~n", [io:get_chars("", 3)]),
    io:format("~p~n", [io:fread("", "~d ~s")]),
    io:format("~p~n", [io:read("")]),
    io:format("~ts ~p~n", [[8364, 960], proplists:get_value(encoding, io:getopts())]),
    io:format("~p~n", [io:get_line("")]),
    io:format("~p ~p~n", [io:get_line("end "), io:get_line("")]),
    io:format("~p ~p~n", [io:columns(), io:rows()]),
    io:put_chars(standard_error, "e\n"),
    io:format("~p~n", [[erlang:system_info(wordsize), is_pid(whereis(user)), node(), nodes(), is_alive()]]),
    io:format("~p~n", [[catch open_port({spawn, "true"}, []), catch open_port({spawn_driver, "x"}, []), catch open_port(foo, [])] =/= []]),
    io:format("~p~n", [lists:sort([A || {A, _, _} <- application:which_applications()])]),
    halt(7).
