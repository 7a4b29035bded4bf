%% Chunks of traversals to their very end, and what fails in guards and bodies of match specifications.
-module(ets_chunks).
-export([main/0]).
main() ->
 [begin T=ets:new(t,[Ty]), ets:insert(T,[{1,a},{2,b},{3,c}]),
  [begin {L, C} = ets:select(T,[{'_',[],['$_']}],N), io:format("~p ~p ~p ~p~n",[Ty,N,L, if is_tuple(C) -> {cont, case ets:select(C) of {L2,C2} -> {L2, is_tuple(C2)}; E -> E end}; true -> C end]) end || N <- [1,2,3,4]],
  [begin X = ets:match_object(T,{2,'_'},N), io:format("key ~p ~p ~p~n",[Ty,N, case X of {L,C} when is_tuple(C) -> {L,cont,ets:match_object(C)}; _ -> X end]) end || N <- [1,2]],
  [begin X = ets:select_reverse(T,[{'_',[],['$_']}],N), io:format("rev ~p ~p ~p~n",[Ty,N, case X of {L,C} when is_tuple(C) -> {L,cont,element(1,ets:select_reverse(C))}; _ -> X end]) end || N <- [2]],
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[],[{'+','$2','$1'}]}])]),
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[],[{{'$1',{'+','$2','$1'}}}]}])]),
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[],[{'not','$2'}]}])]),
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[],[{'andalso','$2', true}]}])]),
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[],[{'andalso',true,'$2'}]}])]),
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[],[{'orelse',false,'$2'}]}])]),
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[{is_atom,{'and','$2',true}}],[x]}])]),
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[{is_atom,{'+','$2',true}}],[x]}])]),
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[{'andalso',true,'$2'}],[x]}])]),
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[{'==',{'andalso',true,'$2'},b}],[x]}])]),
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[{'or',{'and','$2',true},true}],[x]}])]),
  io:format("~p~n", [ets:select(T,[{{'$1','$2'},[],[{'xor','$2',true}]}])])
  end || Ty <- [set, ordered_set, bag]].
