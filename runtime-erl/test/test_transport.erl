-module(test_transport).
-moduledoc "A transport without a network: the configuration `test_transport` is a function from request to answer. Requests run wherever there are no sockets.".
-behaviour(mochi_transport).
-export([available/0, open/1, request/4, close/1, use/1, stop/0, stop_pools/0]).

use(F) ->
    ok = mochi_app:ensure(),
    stop_pools(),
    application:set_env(mochi, transport, ?MODULE),
    application:set_env(mochi, test_transport, F).

stop() ->
    stop_pools(),
    application:unset_env(mochi, transport),
    application:unset_env(mochi, test_transport).

%% Pools remember their transport.
stop_pools() ->
    [begin
         supervisor:terminate_child(mochi_fetch_sup, Id),
         supervisor:delete_child(mochi_fetch_sup, Id)
     end || {Id, _, _, _} <- supervisor:which_children(mochi_fetch_sup)],
    ok.

available() -> true.
open({_, <<"closed">>, _}) -> {error, {connect, econnrefused}};
open(_) -> {ok, here}.
close(here) -> ok.

request(here, Request, Sink, Acc) ->
    {ok, F} = application:get_env(mochi, test_transport),
    case F(Request) of
        {error, _} = Error -> Error;
        {Status, Headers, Chunks} ->
            lists:foldl(fun(Part, {ok, A}) ->
                                case Sink(Part, A) of
                                    {ok, A1} -> {ok, A1};
                                    {stop, Why} -> {error, Why}
                                end;
                           (_, Error) -> Error
                        end, {ok, Acc}, [{status, Status, Headers} | [{data, C} || C <- Chunks]])
    end.
